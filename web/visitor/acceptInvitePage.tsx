import { FrontgateProblem, unwrap } from '@frontgate/client'
import { formatDate, useServiceTime, useSession } from '@frontgate/client/react'
import { Button, SegmentedControl, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../client.ts'
import { Field, Form, PasswordField, Submit } from '../forms/form.tsx'
import { productName, productUrl } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { Failed } from '../shell/failed.tsx'
import { Loading } from '../shell/loading.tsx'
import { useWords, type Words } from '../words/words.ts'
import { Agreement } from './agreement.tsx'
import { secondStep } from './carriedOn.ts'
import { LinkButton } from './linkButton.tsx'
import { NewPasswordField } from './newPasswordField.tsx'
import { Outcome } from './outcome.tsx'
import { ProviderButtons } from './providerButtons.tsx'
import { useGoOn } from './useGoOn.ts'

interface Invite {
  account_name: string
  role: keyof Words['shared']['roles']
  email: string
  invited_by: string | null
  expires_at: string
}

/** Where the link of an invite leads: it shows the invite, and every way in for the address that it is for. */
export function AcceptInvitePage() {
  const { words } = useWords()
  const { invite: said, link, goOn } = words.visitor
  const { status, user, problem } = useSession()
  const [token] = useState(() => new URLSearchParams(location.search).get('token'))
  const [joined, setJoined] = useState<Invite | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['invite', token],
    queryFn: async () =>
      unwrap(await client.api.POST('/v1/invites/preview', { body: { token: token ?? '' } })),
    enabled: token !== null && joined === null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })

  if (joined) return <Joined invite={joined} />
  const code = error instanceof FrontgateProblem ? error.code : null
  if (!token || (code && Object.hasOwn(said.gone, code))) {
    return (
      <Outcome title={link.title} lead={(code && said.gone[code]) ?? link.lacksToken}>
        <LinkButton to={user ? '/account' : '/sign-in'}>{user ? goOn : link.signIn}</LinkButton>
      </Outcome>
    )
  }
  if (error && !data) return <Failed error={error} reset={() => void refetch()} />
  if (problem && status === 'loading') return <Failed error={problem} />
  if (!data || status === 'loading') return <Loading />
  return <Offer invite={data} token={token} onJoined={() => setJoined(data)} />
}

interface OfferProps {
  invite: Invite
  token: string
  onJoined: () => void
}

function Offer({ invite, token, onJoined }: OfferProps) {
  const { words, locale } = useWords()
  const { invite: said, signOut } = words.visitor
  const { user } = useSession()
  const now = useServiceTime()
  // Whoever signs in on this page is somebody else for a moment; their form stays until they are in.
  const [isEntering, setEntering] = useState(false)
  const role = words.shared.roles[invite.role]
  const isOther = user !== null && user.email !== invite.email

  async function join(): Promise<void> {
    const { account } = unwrap(await client.api.POST('/v1/invites/accept', { body: { token } }))
    await client.switchAccount(account.id)
    onJoined()
  }

  return (
    <Card
      title={said.title(invite.account_name)}
      lead={invite.invited_by ? said.by(invite.invited_by, role) : said.invited(role)}
    >
      <Text fz="sm" c="dimmed">
        {said.forAddress} {invite.email} · {said.until(formatDate(invite.expires_at, now(), locale))}
      </Text>
      {user && !isEntering ? (
        isOther ? (
          <>
            <Text>{said.otherUser(user.email, invite.email)}</Text>
            <Form onSubmit={() => client.signOut()}>
              <Submit>{signOut}</Submit>
            </Form>
          </>
        ) : (
          <Form onSubmit={join} explain={(thrown) => explainInvite(thrown, words)}>
            <Submit>{said.join(invite.account_name)}</Submit>
          </Form>
        )
      ) : (
        <Enter {...{ invite, token, onJoined, join, setEntering }} />
      )}
    </Card>
  )
}

type EnterProps = OfferProps & { join: () => Promise<void>; setEntering: (isEntering: boolean) => void }

function Enter({ invite, token, onJoined, join, setEntering }: EnterProps) {
  const { words } = useWords()
  const { invite: said } = words.visitor
  const goOn = useGoOn()
  const [mode, setMode] = useState<'new' | 'known'>('new')
  const [isKnown, setKnown] = useState(false)

  async function enter(work: () => Promise<void>): Promise<void> {
    setEntering(true)
    try {
      await work()
    } catch (thrown) {
      setEntering(false)
      const isAsked = thrown instanceof FrontgateProblem && thrown.code === 'second-factor-required'
      if (isAsked) return goOn(secondStep({ invite_token: token }))
      const isTaken = thrown instanceof FrontgateProblem && thrown.code === 'email-already-registered'
      if (!isTaken) throw thrown
      setKnown(true)
      setMode('known')
    }
  }

  return (
    <>
      <ProviderButtons returnTo="/account" inviteToken={token} loginHint={invite.email} />
      <SegmentedControl
        fullWidth
        value={mode}
        onChange={(value) => setMode(value as 'new' | 'known')}
        data={[
          { value: 'new', label: said.newHere },
          { value: 'known', label: said.registered },
        ]}
      />
      {mode === 'new' ? (
        <Form
          key="new"
          explain={(thrown) => explainInvite(thrown, words)}
          onSubmit={({ name, password = '' }) =>
            enter(async () => {
              const { email } = invite
              await client.register({ email, password, invite_token: token, ...(name && { name }) })
              onJoined()
            })
          }
        >
          <Address email={invite.email} />
          <Field
            name="name"
            label={`${words.visitor.signUp.yourName} (${words.shared.optional})`}
            autoComplete="name"
            maxLength={200}
          />
          <NewPasswordField label={words.shared.password} />
          <Submit>{said.signUp}</Submit>
          <Agreement />
        </Form>
      ) : (
        <Form
          key="known"
          explain={(thrown) => explainInvite(thrown, words)}
          onSubmit={({ password = '' }) =>
            enter(async () => {
              await client.signIn({ email: invite.email, password })
              await join()
            })
          }
        >
          {isKnown && (
            <Text role="status" fz="sm">
              {said.useSignIn}
            </Text>
          )}
          <Address email={invite.email} />
          <PasswordField
            name="password"
            label={words.shared.password}
            autoComplete="current-password"
            required
          />
          <Submit>{said.signIn}</Submit>
          <LinkButton
            to="/forgot-password"
            search={{ login: invite.email }}
            variant="subtle"
            size="compact-sm"
          >
            {words.visitor.signIn.forgot}
          </LinkButton>
        </Form>
      )}
    </>
  )
}

/** Not to be changed, and there for whatever keeps passwords. */
function Address({ email }: { email: string }) {
  const { words } = useWords()
  return (
    <Field
      name="email"
      label={words.shared.email}
      type="email"
      autoComplete="username"
      value={email}
      readOnly
      variant="filled"
    />
  )
}

function Joined({ invite }: { invite: Invite }) {
  const { words } = useWords()
  const { invite: said, goOnTo } = words.visitor
  return (
    <Outcome title={said.doneTitle(invite.account_name)} lead={said.done(words.shared.roles[invite.role])}>
      <Stack gap="xs">
        {productUrl && (
          <Button component="a" href={productUrl}>
            {goOnTo(productName)}
          </Button>
        )}
        <LinkButton to="/account" variant={productUrl ? 'default' : 'filled'}>
          {said.toAccount}
        </LinkButton>
      </Stack>
    </Outcome>
  )
}

/** What the service says against an invite, in words that are about invites. */
function explainInvite(thrown: unknown, words: Words): string | null {
  if (!(thrown instanceof FrontgateProblem)) return null
  const { gone, seatLimit } = words.visitor.invite
  if (thrown.code === 'seat-limit-reached') return seatLimit
  return Object.hasOwn(gone, thrown.code) ? (gone[thrown.code] ?? null) : null
}
