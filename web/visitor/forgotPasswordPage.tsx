import { unwrap } from '@frontgate/client'
import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../client.ts'
import { Field, Form, Submit } from '../forms/form.tsx'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { carriedOn } from './carriedOn.ts'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'

/** Mails a link to choose a new password by. It says the same of every address. */
export function ForgotPasswordPage() {
  const { words } = useWords()
  const { forgot, toSignIn } = words.visitor
  const [sentTo, setSentTo] = useState<string | null>(null)
  if (sentTo !== null) {
    return (
      <Outcome title={forgot.sentTitle} lead={forgot.sent(sentTo)}>
        <LinkButton to="/sign-in" search={carriedOn()} variant="default">
          {toSignIn}
        </LinkButton>
      </Outcome>
    )
  }
  return (
    <Card title={forgot.title} lead={forgot.lead}>
      <Form
        onSubmit={async ({ email = '' }) => {
          unwrap(await client.api.POST('/v1/auth/password/forgot', { body: { email } }))
          setSentTo(email)
        }}
      >
        <Field
          name="email"
          label={words.shared.email}
          type="email"
          autoComplete="username"
          defaultValue={carriedOn().login}
          required
        />
        <Submit>{forgot.submit}</Submit>
      </Form>
      <Anchor component={Link} to="/sign-in" search={carriedOn() as never} ta="center" fz="sm">
        {toSignIn}
      </Anchor>
    </Card>
  )
}
