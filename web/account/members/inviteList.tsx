import { unwrap } from '@frontgate/client'
import { useBillingState, useSession } from '@frontgate/client/react'
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../../client.ts'
import { Failed } from '../../shell/failed.tsx'
import { useWords } from '../../words/words.ts'
import { ConfirmDialog } from '../confirmDialog.tsx'
import { Fault } from '../fault.tsx'
import { mayActOn } from '../roles.ts'
import { Section } from '../section.tsx'
import { StatusBadge } from '../statusBadge.tsx'
import { useDates } from '../useDates.ts'
import { type Invite, refreshMembers, useInvites, useMembers } from './useMembers.ts'

/** Invites that nobody has used yet: mailed again, or taken back. */
export function InviteList() {
  const { words, locale } = useWords()
  const { data: invites, error, refetch } = useInvites(true)
  const own = words.account.invites
  const count = invites ? new Intl.NumberFormat(locale).format(invites.length) : '…'
  return (
    <Section title={own.open(count)} lead={invites?.length === 0 ? own.noneOpen : undefined}>
      {error && <Failed error={error} reset={() => void refetch()} />}
      {!invites && !error && <Skeleton h={48} radius="md" />}
      {invites && invites.length > 0 && (
        <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
          {invites.map((invite) => (
            <Row key={invite.id} invite={invite} />
          ))}
        </Stack>
      )}
    </Section>
  )
}

function Row({ invite }: { invite: Invite }) {
  const { words } = useWords()
  const { account, user } = useSession()
  const { refresh } = useBillingState()
  const { data: members = [] } = useMembers()
  const sayDate = useDates()
  const [isRevoking, setRevoking] = useState(false)
  const { id, email, role, status, expires_at: end } = invite
  const at = { params: { path: { id } } }
  const resend = useMutation({
    mutationFn: async () => {
      unwrap(await client.api.POST('/v1/accounts/me/invites/{id}/resend', { ...at, body: {} }))
      await Promise.all([refreshMembers(), refresh()])
    },
  })
  const own = words.account.invites
  const inviter = members.find(({ user_id: userId }) => userId === invite.invited_by)
  const mayAct = mayActOn(account?.role, role)
  const isExpired = status === 'expired'
  return (
    <Stack component="li" gap="xs">
      <Group justify="space-between" gap="xs" align="flex-start">
        <div style={{ flex: '1 1 14rem', minWidth: 0 }}>
          <Group gap={6}>
            <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
              {email}
            </Text>
            <StatusBadge size="sm">{words.shared.roles[role]}</StatusBadge>
            {isExpired && (
              <StatusBadge size="sm" color="orange">
                {own.expired}
              </StatusBadge>
            )}
          </Group>
          <Text fz="sm" c="dimmed">
            {isExpired ? own.expiredOn(sayDate(end)) : own.expires(sayDate(end))}
            {inviter && ` · ${own.by(inviter.name ?? inviter.email)}`}
          </Text>
        </div>
        {mayAct ? (
          <Group gap="xs">
            {user?.email_verified && (
              <Button
                variant="default"
                size="xs"
                aria-label={own.resendFor(email)}
                loading={resend.isPending}
                onClick={() => resend.mutate()}
              >
                {own.resend}
              </Button>
            )}
            <Button
              variant="subtle"
              color="red"
              size="xs"
              aria-label={own.revokeFor(email)}
              onClick={() => setRevoking(true)}
            >
              {own.revoke}
            </Button>
          </Group>
        ) : (
          <Text fz="sm" c="dimmed">
            {own.above}
          </Text>
        )}
      </Group>
      <Text fz="sm" role="status" hidden={!resend.isSuccess}>
        {resend.isSuccess && own.resent(email)}
      </Text>
      <Fault error={resend.error} />
      {isRevoking && (
        <ConfirmDialog
          title={own.revokeTitle(email)}
          submit={own.revoke}
          isDangerous
          onClose={() => setRevoking(false)}
          onConfirm={async () => {
            unwrap(await client.api.DELETE('/v1/accounts/me/invites/{id}', at))
            await Promise.all([refreshMembers(), refresh()])
          }}
        >
          {own.revokeLead}
        </ConfirmDialog>
      )}
    </Stack>
  )
}
