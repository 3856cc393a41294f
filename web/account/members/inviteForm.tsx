import { type operations, unwrap } from '@frontgate/client'
import { useBillingState, useSession } from '@frontgate/client/react'
import { Alert, Button, Group, NativeSelect, Stack, Text, Textarea } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { client } from '../../client.ts'
import { Form, Submit, useForm } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { FaultText } from '../fault.tsx'
import { ResendLink } from '../resendLink.tsx'
import { type Role, rolesToGive } from '../roles.ts'
import { StatusBadge } from '../statusBadge.tsx'
import { type Entry, readAddresses } from './readAddresses.ts'
import { refreshMembers } from './useMembers.ts'

type Result = operations['sendInvites']['responses'][200]['content']['application/json']['results'][number]
type Outcome = Result['outcome']

const MOST = 100
const colors: Partial<Record<Outcome, 'green' | 'orange' | 'red'>> = {
  invited: 'green',
  renewed: 'green',
  invalid: 'red',
  'seat-limit-reached': 'orange',
}
/** What somebody may want to mend, or to send once there is room. */
const stays = new Set<Outcome>(['invalid', 'seat-limit-reached'])

/** Invites one or many, each with an outcome of its own. What did not work out stays in the field. */
export function InviteForm({ onSent }: { onSent?: () => void }) {
  const { words } = useWords()
  const { user } = useSession()
  const { refresh } = useBillingState()
  const [text, setText] = useState('')
  const [results, setResults] = useState<Result[]>([])
  const entries = readAddresses(text)
  const own = words.account.invites
  if (user && !user.email_verified) {
    return (
      <Alert color="yellow">
        <Stack gap="sm">
          <Text fz="sm">{own.verifyFirst}</Text>
          <ResendLink />
        </Stack>
      </Alert>
    )
  }

  async function send(role: string): Promise<void> {
    setResults([])
    const invites = entries.map(({ email }) => ({ email, role }))
    const sent = unwrap(await client.api.POST('/v1/accounts/me/invites/bulk', { body: { invites } }))
    setText(leftOf(entries, sent.results))
    setResults(sent.results)
    await Promise.all([refreshMembers(), refresh()])
    onSent?.()
  }

  return (
    <Stack gap="md">
      <Form explain={(thrown) => <FaultText error={thrown} />} onSubmit={({ role = '' }) => send(role)}>
        <Addresses text={text} count={entries.length} onChange={setText} />
        <Group align="flex-end" gap="sm">
          <RoleField />
          <Submit fullWidth={false} disabled={entries.length > MOST}>
            {entries.length > 0 ? own.submitCount(entries.length) : own.submit}
          </Submit>
        </Group>
      </Form>
      {results.length > 0 && <Results results={results} />}
    </Stack>
  )
}

function leftOf(entries: Entry[], results: Result[]): string {
  return entries
    .filter((_entry, i) => stays.has(results[i]?.outcome ?? 'invalid'))
    .map(({ written }) => written)
    .join('\n')
}

function Addresses(props: { text: string; count: number; onChange: (text: string) => void }) {
  const { text, count, onChange } = props
  const { words } = useWords()
  const { faults } = useForm()
  const own = words.account.invites
  return (
    <Textarea
      name="addresses"
      label={own.addresses}
      description={own.hint}
      placeholder={own.placeholder}
      error={count > MOST ? own.tooMany(count) : faults.addresses}
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      autosize
      minRows={2}
      maxRows={12}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      required
      withAsterisk={false}
    />
  )
}

function RoleField() {
  const { words } = useWords()
  const { account } = useSession()
  const [role, setRole] = useState<Role>('member')
  const own = words.account
  return (
    <NativeSelect
      name="role"
      label={own.invites.role}
      description={own.members.roleLeads[role]}
      value={role}
      onChange={(event) => setRole(event.currentTarget.value as Role)}
      data={rolesToGive(account?.role).map((value) => ({ value, label: words.shared.roles[value] }))}
      style={{ flex: '1 1 14rem' }}
    />
  )
}

function Results({ results }: { results: Result[] }) {
  const { words } = useWords()
  const list = useRef<HTMLDivElement>(null)
  const own = words.account.invites
  const hasNoSeat = results.some(({ outcome }) => outcome === 'seat-limit-reached')
  const isKept = results.some(({ outcome }) => stays.has(outcome))
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer takes the focus
  useEffect(() => list.current?.focus(), [results])
  return (
    <Stack gap="xs" ref={list} tabIndex={-1} role="status" style={{ outline: 'none' }}>
      <Text fw={600}>{own.results}</Text>
      <Stack component="ul" gap={6} p={0} m={0} style={{ listStyle: 'none' }}>
        {results.map(({ email, outcome }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name, and never move
          <Group component="li" key={i} justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
            <Text fz="sm" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
              {email}
            </Text>
            <StatusBadge {...(colors[outcome] && { color: colors[outcome] })}>
              {own.outcomes[outcome]}
            </StatusBadge>
          </Group>
        ))}
      </Stack>
      {isKept && (
        <Text fz="sm" c="dimmed">
          {own.kept}
        </Text>
      )}
      {hasNoSeat && (
        <Alert color="orange">
          <Stack gap="sm" align="flex-start">
            {words.account.members.seatsFull}
            <Button component={Link} to="/billing" variant="default" size="xs">
              {words.account.fault.toMorePlans}
            </Button>
          </Stack>
        </Alert>
      )}
    </Stack>
  )
}
