import { FrontgateProblem } from '@frontgate/client'
import { Anchor, Button, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Field, Form, Submit } from '../forms/form.tsx'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { operatorClient } from './operatorClient.ts'
import { type Asked, askedIn, SecondStep } from './secondStep.tsx'
import { said } from './words/words.ts'

const { signIn: texts } = said

/** Where staff come in: by a link, whose page signs nobody in before they say so. */
export function SignInPage() {
  const [token, setToken] = useState(() => new URLSearchParams(location.search).get('token'))
  return token === null ? <AskForLink /> : <FollowLink token={token} onAskAgain={() => setToken(null)} />
}

function AskForLink() {
  const { words } = useWords()
  const [asked, setAsked] = useState<string | null>(null)
  if (asked !== null) {
    return (
      <Card title={texts.sent}>
        <Stack role="status">
          <Text>{texts.sentLead(asked)}</Text>
          <Text c="dimmed" fz="sm">
            {texts.sentHint}
          </Text>
          <Button variant="default" onClick={() => setAsked(null)} autoFocus>
            {texts.otherAddress}
          </Button>
        </Stack>
      </Card>
    )
  }
  return (
    <Card title={texts.title} lead={texts.lead}>
      <Form
        onSubmit={async ({ email = '' }) => {
          await operatorClient.askForLink(email)
          setAsked(email)
        }}
      >
        <Field name="email" type="email" label={words.shared.email} autoComplete="email" required autoFocus />
        <Submit>{texts.ask}</Submit>
      </Form>
      <Anchor component={Link} to="/sign-in" fz="sm">
        {texts.notStaff}
      </Anchor>
    </Card>
  )
}

function FollowLink({ token, onAskAgain }: { token: string; onAskAgain: () => void }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<Asked | null>(null)
  const askAgain = () => {
    void navigate({ to: '/operator/sign-in', replace: true })
    onAskAgain()
  }
  const enter = async () => {
    queries.removeQueries({ queryKey: ['operator'] })
    await navigate({ to: '/operator', replace: true })
  }
  if (asked) return <SecondStep asked={asked} onEntered={enter} onAskAgain={askAgain} />
  return (
    <Card title={texts.title} lead={texts.followLead}>
      <Form
        onSubmit={async () => {
          try {
            await operatorClient.signIn(token)
          } catch (thrown) {
            const second = askedIn(thrown)
            if (!second) throw thrown
            return setAsked(second)
          }
          await enter()
        }}
        explain={(thrown) =>
          thrown instanceof FrontgateProblem && [404, 410].includes(thrown.status) ? (
            <Stack gap="xs" align="flex-start">
              {texts.linkIsOver}
              <Button variant="default" size="xs" onClick={askAgain}>
                {texts.askAgain}
              </Button>
            </Stack>
          ) : null
        }
      >
        <Submit>{texts.follow}</Submit>
      </Form>
    </Card>
  )
}
