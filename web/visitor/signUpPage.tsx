import { FrontgateProblem } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Anchor, Button, Stack, Text } from '@mantine/core'
import { Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../client.ts'
import { Field, Form, Submit } from '../forms/form.tsx'
import { settings } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { Loading } from '../shell/loading.tsx'
import { useWords } from '../words/words.ts'
import { Agreement } from './agreement.tsx'
import { carriedOn, placeAfterSignUp } from './carriedOn.ts'
import { GoOn } from './goOn.tsx'
import { NewPasswordField } from './newPasswordField.tsx'
import { ProviderButtons } from './providerButtons.tsx'
import { SalesLink } from './salesLink.tsx'
import { usePlans } from './usePlans.ts'

/** Where strangers become users with an account of their own. */
export function SignUpPage() {
  const { status, user, problem } = useSession()
  const [isEntering, setEntering] = useState(false)
  const [isInsisting, setInsisting] = useState(false)
  const { invite_token: invite } = carriedOn()
  if (invite) return <GoOn to={`/accept-invite?${new URLSearchParams({ token: invite })}`} />
  if (status === 'loading' && !problem) return <Loading />
  if (user && !isEntering) return <GoOn to={placeAfterSignUp()} />
  if (!settings.self_serve_enabled && !isInsisting) return <Closed onInsist={() => setInsisting(true)} />
  return <Registration setEntering={setEntering} />
}

function Registration({ setEntering }: { setEntering: (isEntering: boolean) => void }) {
  const { words } = useWords()
  const { signUp } = words.visitor
  const { history } = useRouter()
  const [taken, setTaken] = useState<string | null>(null)
  const { login } = carriedOn()

  async function register({ email = '', password = '', name, account_name }: Record<string, string>) {
    setEntering(true)
    setTaken(null)
    try {
      await client.register({
        email,
        password,
        ...(name && { name }),
        ...(account_name && { account_name }),
      })
      const query = placeAfterSignUp().slice('/welcome'.length)
      // Addresses of people stay out of addresses of pages, which end up in logs.
      history.push(`/check-mail${query}`, { email } as never)
    } catch (thrown) {
      setEntering(false)
      if (thrown instanceof FrontgateProblem && thrown.code === 'email-already-registered') setTaken(email)
      throw thrown
    }
  }

  return (
    <Card title={signUp.title} lead={<Lead />}>
      <ProviderButtons returnTo={placeAfterSignUp()} loginHint={login} />
      <Form
        onSubmit={register}
        explain={(thrown) =>
          thrown instanceof FrontgateProblem && thrown.code === 'self-serve-disabled' ? <TurnedAway /> : null
        }
      >
        <Field
          name="email"
          label={signUp.email}
          type="email"
          autoComplete="username"
          defaultValue={login}
          maxLength={320}
          required
        />
        {taken !== null && (
          <Anchor
            component={Link}
            to="/sign-in"
            search={{ ...carriedOn(), login: taken } as never}
            fz="sm"
            underline="always"
          >
            {signUp.signInInstead}
          </Anchor>
        )}
        <Field
          name="name"
          label={`${signUp.yourName} (${words.shared.optional})`}
          autoComplete="name"
          maxLength={200}
        />
        <Field
          name="account_name"
          label={`${signUp.accountName} (${words.shared.optional})`}
          autoComplete="organization"
          maxLength={200}
        />
        <NewPasswordField label={words.shared.password} />
        <Submit>{signUp.submit}</Submit>
        <Agreement />
      </Form>
      <WayToSignIn />
    </Card>
  )
}

/** That it costs nothing yet, and the plan that was chosen before. */
function Lead() {
  const { words } = useWords()
  const { signUp } = words.visitor
  const { plan: name } = carriedOn()
  const { data: plans } = usePlans()
  const chosen = plans?.find(({ plan }) => plan === name)
  const isPaid = chosen && (chosen.month !== null || chosen.year !== null)
  const days = settings.trial_days
  return (
    <>
      {!settings.self_serve_enabled ? signUp.closedStillLead : days > 0 && signUp.lead(days)}
      {isPaid && ` ${signUp.chosen(chosen.display_name)}`}
    </>
  )
}

function WayToSignIn() {
  const { words } = useWords()
  const { signUp } = words.visitor
  return (
    <Text ta="center" fz="sm">
      {signUp.registered}{' '}
      <Anchor component={Link} to="/sign-in" search={carriedOn() as never} inherit underline="always">
        {signUp.signIn}
      </Anchor>
    </Text>
  )
}

/** An address that may not, where not everybody may. */
function TurnedAway() {
  const { words } = useWords()
  return (
    <Stack gap="sm">
      {words.visitor.faults['self-serve-disabled']?.('')}
      <SalesLink source="sign-up" />
    </Stack>
  )
}

/** While strangers may not sign up. Whoever has an address at a company that may is let in all the same. */
function Closed({ onInsist }: { onInsist: () => void }) {
  const { words } = useWords()
  const { signUp } = words.visitor
  const { plan } = carriedOn()
  return (
    <Card title={signUp.closedTitle} lead={signUp.closedLead}>
      <Text>{signUp.closedInvited}</Text>
      <Stack gap="xs">
        <SalesLink source="sign-up" variant="filled" {...(plan && { plan })} />
        <Button variant="default" onClick={onInsist}>
          {signUp.closedStill}
        </Button>
      </Stack>
      <WayToSignIn />
    </Card>
  )
}
