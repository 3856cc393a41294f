import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Alert, Anchor, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { settings } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { Failed } from '../shell/failed.tsx'
import { Loading } from '../shell/loading.tsx'
import { useWords } from '../words/words.ts'
import { carriedOn } from './carriedOn.ts'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'

const LOOK_AGAIN_MS = 10_000

/** After signing up: which mailbox to look into. Whoever is signed in may go on meanwhile. */
export function CheckMailPage() {
  const { words } = useWords()
  const { checkMail, toSignIn } = words.visitor
  const { status, user, problem } = useSession()
  const { email } = useLocation().state as { email?: string }
  if (status === 'loading') return problem ? <Failed error={problem} /> : <Loading />
  if (user) return <Waiting />
  // With REGISTRATION_PRIVACY=strict nobody is signed in yet, nor told whether the address is new.
  return (
    <Card title={checkMail.title} lead={email ? checkMail.strict(email) : checkMail.sentToYou}>
      <Text fz="sm">{checkMail.spam}</Text>
      <Stack gap="xs" align="center" fz="sm">
        <Anchor component={Link} to="/sign-up" search={carriedOn() as never} inherit>
          {checkMail.wrongAddress}
        </Anchor>
        <Anchor component={Link} to="/sign-in" search={carriedOn() as never} inherit>
          {toSignIn}
        </Anchor>
      </Stack>
    </Card>
  )
}

function Waiting() {
  const { words } = useWords()
  const { checkMail, goOn } = words.visitor
  const { user } = useSession()
  const [isSentAgain, setSentAgain] = useState(false)
  const isVerified = useVerified()
  const email = user?.email ?? ''
  const { return_to, plan, interval } = carriedOn()
  const search = { ...(return_to && { return_to }), ...(plan && { plan }), ...(interval && { interval }) }

  if (isVerified) {
    return (
      <Outcome title={checkMail.verifiedTitle} lead={checkMail.verifiedLead(email)}>
        <LinkButton to="/welcome" search={search}>
          {goOn}
        </LinkButton>
      </Outcome>
    )
  }
  return (
    <Card title={checkMail.title} lead={checkMail.sentTo(email)}>
      <Text fz="sm">{checkMail.spam}</Text>
      {isSentAgain && <Alert role="status">{checkMail.resent(email)}</Alert>}
      <Form
        onSubmit={async () => {
          setSentAgain(false)
          unwrap(await client.api.POST('/v1/auth/email/resend', { body: {} }))
          setSentAgain(true)
        }}
      >
        <Submit variant="default">{checkMail.resend}</Submit>
      </Form>
      <Stack gap="xs">
        <LinkButton to="/welcome" search={search}>
          {checkMail.later}
        </LinkButton>
        {settings.verification_grace_days > 0 && (
          <Text fz="sm" c="dimmed" ta="center">
            {checkMail.laterLead(settings.verification_grace_days)}
          </Text>
        )}
      </Stack>
      <Anchor component={Link} to="/security" ta="center" fz="sm">
        {checkMail.wrongAddressSignedIn}
      </Anchor>
    </Card>
  )
}

/** Whether the address is verified by now, which mostly happens in another tab or on a phone. */
function useVerified(): boolean {
  const { user } = useSession()
  const { data } = useQuery({
    queryKey: ['me', user?.id],
    queryFn: async () => unwrap(await client.api.GET('/v1/me')),
    refetchOnWindowFocus: 'always',
    refetchInterval: ({ state }) => (state.data?.email_verified ? false : LOOK_AGAIN_MS),
  })
  const isNews = data?.email_verified === true && user?.email_verified === false
  useEffect(() => {
    // The session remembers who somebody is as of its last token.
    if (isNews) void client.api.POST('/v1/auth/refresh', { body: {} })
  }, [isNews])
  return user?.email_verified === true || data?.email_verified === true
}
