import { FrontgateProblem, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconDeviceMobile, IconFingerprint, IconLifebuoy, type TablerIcon } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { client } from '../../../client.ts'
import { Failed } from '../../../shell/failed.tsx'
import { useWords } from '../../../words/words.ts'
import { ConfirmDialog } from '../../confirmDialog.tsx'
import { Fault } from '../../fault.tsx'
import { refreshSession } from '../../refreshSession.ts'
import { ResendLink } from '../../resendLink.tsx'
import { Section } from '../../section.tsx'
import { StatusBadge } from '../../statusBadge.tsx'
import { useDates } from '../../useDates.ts'
import { AddPasskey } from './addPasskey.tsx'
import { ProveAgain } from './proveAgain.tsx'
import { RecoveryCodes } from './recoveryCodes.tsx'
import { SetUpTotp } from './setUpTotp.tsx'
import { type Factors, factorsChanged, useFactors } from './useFactors.ts'

type Doing =
  | { kind: 'totp' }
  | { kind: 'passkey' }
  | { kind: 'codes'; codes: string[] }
  | { kind: 'prove' }
  | { kind: 'remove-totp' }
  | { kind: 'remove-passkey'; id: string; name: string }

/** What somebody proves who they are with after the first step, and what is done about it. */
export function FactorsSection() {
  const { words } = useWords()
  const { user } = useSession()
  const { data: factors, error, refetch } = useFactors()
  const own = words.factor
  if (!user) return null
  const aside = factors && (
    <StatusBadge {...(factors.methods.length > 0 && { color: 'green' })}>
      {factors.methods.length > 0 ? own.on : own.off}
    </StatusBadge>
  )
  return (
    <Section title={own.sectionTitle} lead={own.sectionLead} aside={aside}>
      {error && <Failed error={error} reset={() => void refetch()} />}
      {!factors && !error && <Skeleton h={96} radius="md" />}
      {factors &&
        (user.email_verified ? (
          <Held factors={factors} />
        ) : (
          <Stack gap="xs">
            <Text fz="sm">{own.unverified}</Text>
            <ResendLink />
          </Stack>
        ))}
    </Section>
  )
}

function Held({ factors }: { factors: Factors }) {
  const { words } = useWords()
  const sayDate = useDates()
  const [doing, setDoing] = useState<Doing | null>(null)
  const own = words.factor
  const { totp, passkeys, recovery_codes_left: left, methods } = factors
  const close = () => setDoing(null)
  const added = async (codes: string[] | undefined) => {
    setDoing(codes ? { kind: 'codes', codes } : null)
    // What the account opens may have changed with it.
    await refreshSession()
    await factorsChanged()
  }
  const removed = async () => {
    await refreshSession()
    await factorsChanged()
  }
  const renew = useMutation({
    mutationFn: async () => unwrap(await client.api.POST('/v1/me/factors/recovery-codes', { body: {} })),
    onSuccess: ({ recovery_codes: codes }) => {
      setDoing({ kind: 'codes', codes })
      void factorsChanged()
    },
  })
  /** Whoever has a factor need not sign in again: proving it says as much. */
  const mayProve = methods.length > 0
  return (
    <>
      <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
        <Row
          icon={IconDeviceMobile}
          title={own.totp}
          lead={totp ? own.since(sayDate(totp.since)) : own.totpLead}
        >
          <Button
            variant="default"
            size="xs"
            aria-label={totp ? own.removeTotpFor : own.setUpFor}
            onClick={() => setDoing({ kind: totp ? 'remove-totp' : 'totp' })}
          >
            {totp ? own.remove : own.setUp}
          </Button>
        </Row>
        {passkeys.map(({ id, name, created_at: made, last_used_at: used }) => (
          <Row
            key={id}
            icon={IconFingerprint}
            title={name}
            lead={used ? own.lastUsed(sayDate(used)) : own.since(sayDate(made))}
          >
            <Button
              variant="default"
              size="xs"
              aria-label={own.removePasskeyFor(name)}
              onClick={() => setDoing({ kind: 'remove-passkey', id, name })}
            >
              {own.remove}
            </Button>
          </Row>
        ))}
        <Row icon={IconFingerprint} title={own.passkey} lead={own.passkeyLead}>
          <Button variant="default" size="xs" onClick={() => setDoing({ kind: 'passkey' })}>
            {own.addPasskey}
          </Button>
        </Row>
        {methods.length > 0 && (
          <Row icon={IconLifebuoy} title={own.recovery} lead={own.recoveryLeft(left)}>
            <Button variant="default" size="xs" loading={renew.isPending} onClick={() => renew.mutate()}>
              {own.renew}
            </Button>
          </Row>
        )}
      </Stack>
      {mayProve && isRecentAsked(renew.error) ? (
        <AskToProve onProve={() => setDoing({ kind: 'prove' })} />
      ) : (
        <Fault error={renew.error} />
      )}
      {doing?.kind === 'totp' && <SetUpTotp onClose={close} onDone={added} />}
      {doing?.kind === 'passkey' && <AddPasskey onClose={close} onDone={added} />}
      {doing?.kind === 'codes' && <RecoveryCodes codes={doing.codes} onClose={close} />}
      {doing?.kind === 'prove' && (
        <ProveAgain
          methods={methods}
          onClose={close}
          onDone={() => {
            renew.reset()
            close()
          }}
        />
      )}
      {doing?.kind === 'remove-totp' && (
        <ConfirmDialog
          title={own.removeTotpTitle}
          submit={own.remove}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            unwrap(await client.api.DELETE('/v1/me/factors/totp'))
            await removed()
          }}
        >
          {own.removeLead}
        </ConfirmDialog>
      )}
      {doing?.kind === 'remove-passkey' && (
        <ConfirmDialog
          title={own.removePasskeyTitle(doing.name)}
          submit={own.remove}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            const params = { path: { id: doing.id } }
            unwrap(await client.api.DELETE('/v1/me/factors/passkeys/{id}', { params }))
            await removed()
          }}
        >
          {own.removeLead}
        </ConfirmDialog>
      )}
    </>
  )
}

function AskToProve({ onProve }: { onProve: () => void }) {
  const { words } = useWords()
  return (
    <Group gap="sm" role="alert">
      <Text fz="sm">{words.factor.proveFirst}</Text>
      <Button variant="default" size="xs" onClick={onProve}>
        {words.factor.prove}
      </Button>
    </Group>
  )
}

const isRecentAsked = (error: unknown) =>
  error instanceof FrontgateProblem && error.code === 'recent-sign-in-required'

function Row(props: { icon: TablerIcon; title: string; lead: string; children: ReactNode }) {
  const { icon: Icon, title, lead, children } = props
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start">
      <Icon size={22} stroke={1.6} aria-hidden style={{ flexShrink: 0 }} />
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Text>
        <Text fz="sm" c="dimmed">
          {lead}
        </Text>
      </div>
      {children}
    </Group>
  )
}
