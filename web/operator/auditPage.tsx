import { type components, unwrap } from '@frontgate/client'
import { Anchor, SimpleGrid, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import { Raw } from './raw.tsx'
import { sayAudit } from './sayAudit.ts'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type AuditEntry = components['schemas']['AuditEntry']
const { audit: texts } = said
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** The trail of everything, which nothing is ever taken out of. */
export function AuditPage() {
  const [typed, setTyped] = useState({ account: '', user: '', action: '' })
  const [{ account, user, action }] = useDebouncedValue(typed, 300)
  const isOdd = (id: string) => id !== '' && !UUID.test(id)
  const filter = {
    ...(UUID.test(account) && { account_id: account }),
    ...(UUID.test(user) && { user_id: user }),
    ...(action && { action }),
  }
  const pages = usePages<AuditEntry>(['audit', filter], async (page) =>
    unwrap(await operatorClient.api.GET('/v1/operator/audit', { params: { query: { ...filter, ...page } } })),
  )
  const actions = useId()
  const fieldOf = (name: keyof typeof typed) => ({
    label: texts[name],
    value: typed[name],
    autoComplete: 'off',
    spellCheck: false,
    onChange: (event: { currentTarget: { value: string } }) => {
      const value = event.currentTarget.value.trim()
      setTyped((before) => ({ ...before, [name]: value }))
    },
  })
  return (
    <>
      <Heading title={said.places.audit} lead={texts.lead} />
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <TextInput {...fieldOf('account')} error={isOdd(account) && texts.noId} />
        <TextInput {...fieldOf('user')} error={isOdd(user) && texts.noId} />
        <TextInput {...fieldOf('action')} maxLength={80} placeholder="grant.given" list={actions} />
      </SimpleGrid>
      <datalist id={actions}>
        {Object.keys(said.actions).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <PagedRows
        label={said.places.audit}
        pages={pages}
        keyOf={({ id }) => id}
        empty={texts.none}
        columns={[
          {
            head: texts.what,
            cell: (entry) => (
              <>
                <Text fz="sm" fw={400}>
                  {sayAudit(entry, () => undefined) ?? entry.action}
                </Text>
                <Raw name={entry.action} details={entry.details} />
              </>
            ),
          },
          {
            head: texts.by,
            cell: ({ actor_kind: kind, actor_id: id }) => (
              <Text fz="sm">
                {said.actors[kind]} {id && <Copyable value={id} isShort />}
              </Text>
            ),
          },
          {
            head: texts.about,
            cell: ({ account_id: account, user_id: user }) =>
              account || user ? (
                <Text fz="sm" component="div">
                  {account && (
                    <div>
                      <Anchor
                        component={Link}
                        to={`/operator/accounts/${account}`}
                        fz="sm"
                        style={{ whiteSpace: 'nowrap' }}
                      >
                        {texts.accountShort} …{account.slice(-8)}
                      </Anchor>
                    </div>
                  )}
                  {user && (
                    <div>
                      {texts.userShort} <Copyable value={user} isShort />
                    </div>
                  )}
                </Text>
              ) : null,
          },
          {
            head: texts.from,
            cell: ({ ip, user_agent: agent }) =>
              ip && (
                <Text fz="sm" title={agent ?? undefined}>
                  {ip}
                </Text>
              ),
          },
          { head: texts.at, cell: ({ at }) => <Instant at={at} /> },
        ]}
      />
    </>
  )
}
