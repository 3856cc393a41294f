import { FrontgateProblem } from '@frontgate/client'
import { providerTitles, useSession } from '@frontgate/client/react'
import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../client.ts'
import { Field, Form, PasswordField, Submit } from '../forms/form.tsx'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { productName, settings } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { isPage } from '../shell/isPage.ts'
import { Loading } from '../shell/loading.tsx'
import { useWords } from '../words/words.ts'
import { carriedOn, placeAfterSignIn, secondStep } from './carriedOn.ts'
import { GoOn } from './goOn.tsx'
import { ProviderButtons } from './providerButtons.tsx'
import { SalesLink } from './salesLink.tsx'
import { useGoOn } from './useGoOn.ts'

/** Where people come in. What went wrong on the way to a provider and back is said here too. */
export function SignInPage() {
  const { words } = useWords()
  const { signIn } = words.visitor
  const { status, user, problem } = useSession()
  const goOn = useGoOn()
  const router = useRouter()
  const [isEntering, setEntering] = useState(false)
  const [theirs, setTheirs] = useState<string[]>([])
  const { invite_token: invite, login } = carriedOn()
  const error = new URLSearchParams(location.search).get('error')
  const place = invite ? `/accept-invite?${new URLSearchParams({ token: invite })}` : placeAfterSignIn()

  // Whoever is told that something went wrong, or is to sign in again, stays.
  const isIn = user !== null && !isEntering && error === null
  if (status === 'loading' && !problem && error === null) return <Loading />
  if (isIn) return isPage(router, place) ? <GoOn to={place} /> : <SignedInAlready place={place} />

  return (
    <Card title={signIn.title} lead={invite ? signIn.inviteLead : signIn.lead(productName)}>
      <WhatHappened />
      <ProviderButtons
        returnTo={placeAfterSignIn()}
        inviteToken={invite}
        loginHint={login ?? user?.email}
        highlighted={theirs}
      />
      <Form
        onSubmit={async ({ email = '', password = '' }) => {
          setEntering(true)
          try {
            await client.signIn({ email, password })
            goOn(place, 'replace')
          } catch (thrown) {
            setEntering(false)
            if (thrown instanceof FrontgateProblem && thrown.code === 'second-factor-required')
              return goOn(secondStep())
            if (thrown instanceof FrontgateProblem && thrown.code === 'use-oauth-provider')
              setTheirs(thrown.members.providers as string[])
            throw thrown
          }
        }}
      >
        <Field
          name="email"
          label={words.shared.email}
          type="email"
          autoComplete="username"
          defaultValue={login ?? user?.email}
          required
        />
        <PasswordField
          name="password"
          label={words.shared.password}
          autoComplete="current-password"
          required
        />
        <Submit>{signIn.submit}</Submit>
      </Form>
      <Stack gap="xs" align="center" fz="sm">
        <Anchor component={Link} to="/forgot-password" search={carriedOn() as never} inherit>
          {signIn.forgot}
        </Anchor>
        <WayToSignUp error={error} />
      </Stack>
    </Card>
  )
}

/** For strangers, unless an address was just turned away: then whatever this browser may. */
function WayToSignUp({ error }: { error: string | null }) {
  const { words } = useWords()
  const { signIn } = words.visitor
  if (settings.self_serve_enabled && error !== 'self-serve-disabled') {
    return (
      <Text inherit>
        {signIn.newHere}{' '}
        <Anchor component={Link} to="/sign-up" search={carriedOn() as never} inherit underline="always">
          {signIn.signUp}
        </Anchor>
      </Text>
    )
  }
  return (
    <>
      <Text inherit ta="center">
        {signIn.byInvite}
      </Text>
      <SalesLink source="sign-in" />
    </>
  )
}

/** What became of the way to a provider and back, as the address of the page tells it by codes. */
function WhatHappened() {
  const { words } = useWords()
  const { faults, notices, goneWrong, theProvider } = words.visitor
  const asked = new URLSearchParams(location.search)
  const error = asked.get('error')
  const provider = asked.get('provider') ?? ''
  const notice = asked.get('notice')
  if (error !== null) {
    const say = Object.hasOwn(faults, error) ? faults[error] : undefined
    return (
      <Alert color="red" role="alert">
        {say?.((Object.hasOwn(providerTitles, provider) && providerTitles[provider]) || theProvider) ??
          goneWrong}
      </Alert>
    )
  }
  if (notice === null || !Object.hasOwn(notices, notice)) return null
  return <Alert role="status">{notices[notice]}</Alert>
}

/** A product that sends people here who are signed in would have them go round in circles, were they sent back at once. */
function SignedInAlready({ place }: { place: string }) {
  const { words } = useWords()
  const { signIn, goOnTo, signedInAs, useAnother } = words.visitor
  const { user } = useSession()
  const say = useSayProblem()
  const leaving = useMutation({ mutationFn: () => client.signOut() })
  return (
    <Card title={signIn.already} lead={user && signedInAs(user.email)}>
      {leaving.error && (
        <Alert color="red" role="alert">
          {say(leaving.error)}
        </Alert>
      )}
      <Stack gap="xs">
        <Button component="a" href={place}>
          {goOnTo(productName)}
        </Button>
        <Button variant="default" loading={leaving.isPending} onClick={() => leaving.mutate()}>
          {useAnother}
        </Button>
      </Stack>
    </Card>
  )
}
