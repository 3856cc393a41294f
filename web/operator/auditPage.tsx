import { type components, unwrap } from '@frontgate/client'
import { Anchor, Button, NativeSelect, SimpleGrid, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconDownload } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { Failed } from '../shell/failed.tsx'
import { saveFile } from '../shell/saveFile.ts'
import { Copyable } from './copyable.tsx'
import { Heading } from './heading.tsx'
import { Instant } from './instant.tsx'
import { operatorClient } from './operatorClient.ts'
import { PagedRows } from './pagedRows.tsx'
import { Raw } from './raw.tsx'
import { sayAudit } from './sayAudit.ts'
import { instantIn } from './untilField.tsx'
import { usePages } from './usePages.ts'
import { said } from './words/words.ts'

type AuditEntry = components['schemas']['AuditEntry']
const { audit: texts } = said
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
const ACTION = /^[a-z.-]+$/
const kinds = ['operator', 'user', 'product-key', 'anyone', 'system'] as const

const nothing = { account: '', user: '', action: '', operator: '', kind: '', from: '', until: '' }

/** The trail of everything, which nothing is ever taken out of. */
export function AuditPage() {
  const [typed, setTyped] = useState(nothing)
  const [settled] = useDebouncedValue(typed, 300)
  const filter = filterOf(settled)
  const pages = usePages<AuditEntry>(['audit', filter], async (page) =>
    unwrap(await operatorClient.api.GET('/v1/operator/audit', { params: { query: { ...filter, ...page } } })),
  )
  const download = useMutation({
    mutationFn: async (format: 'csv' | 'jsonl') => {
      const file = await operatorClient.api.GET('/v1/operator/audit/export', {
        params: { query: { ...filter, format } },
        parseAs: 'blob',
      })
      saveFile(unwrap(file) as unknown as Blob, `audit.${format}`)
    },
  })
  const actions = useId()
  const isOdd = (id: string) => id !== '' && !UUID.test(id)
  const fieldOf = (name: keyof typeof nothing) => ({
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
      <Heading title={said.places.audit} lead={texts.lead}>
        {(['csv', 'jsonl'] as const).map((format) => (
          <Button
            key={format}
            variant="default"
            loading={download.isPending && download.variables === format}
            onClick={() => download.mutate(format)}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {texts.export[format]}
          </Button>
        ))}
      </Heading>
      {download.error && <Failed error={download.error} reset={() => download.reset()} />}
      <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }}>
        <TextInput
          {...fieldOf('action')}
          description={texts.actionHint}
          maxLength={80}
          placeholder="grant.given"
          list={actions}
        />
        <NativeSelect
          {...fieldOf('kind')}
          description={texts.kindHint}
          data={[
            { value: '', label: texts.everybody },
            ...kinds.map((kind) => ({ value: kind, label: said.actors[kind] })),
          ]}
        />
        <TextInput {...fieldOf('operator')} description={texts.operatorHint} type="email" maxLength={320} />
        <TextInput {...fieldOf('account')} error={isOdd(typed.account) && texts.noId} />
        <TextInput {...fieldOf('user')} error={isOdd(typed.user) && texts.noId} />
        <SimpleGrid cols={2} spacing="xs">
          <TextInput {...fieldOf('from')} type="datetime-local" />
          <TextInput {...fieldOf('until')} type="datetime-local" />
        </SimpleGrid>
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
            cell: ({ actor_kind: kind, actor_id: id, actor_email: email }) => (
              <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
                {email ?? said.actors[kind]} {id && <Copyable value={id} isShort />}
              </Text>
            ),
          },
          { head: texts.about, cell: (entry) => <About entry={entry} /> },
          {
            head: texts.where,
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

function About({ entry }: { entry: AuditEntry }) {
  const { account_id: account, user_id: user, operator_email: operator } = entry
  if (!account && !user && !operator) return null
  return (
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
      {operator && <div style={{ overflowWrap: 'anywhere' }}>{operator}</div>}
    </Text>
  )
}

/** What of it the service can filter by: what is half typed is left out. */
function filterOf({ account, user, action, operator, kind, from, until }: typeof nothing) {
  const [since, till] = [instantIn(from), instantIn(until)]
  const actorKind = kinds.find((one) => one === kind)
  return {
    ...(UUID.test(account) && { account_id: account }),
    ...(UUID.test(user) && { user_id: user }),
    ...(ACTION.test(action) && { action }),
    ...(operator.includes('@') && { operator: operator.toLowerCase() }),
    ...(actorKind && { actor_kind: actorKind }),
    ...(since && { from: since }),
    ...(till && { until: till }),
  }
}
