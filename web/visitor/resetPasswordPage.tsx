import { unwrap } from '@frontgate/client'
import { useState } from 'react'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { DeadLink } from './deadLink.tsx'
import { LinkButton } from './linkButton.tsx'
import { NewPasswordField } from './newPasswordField.tsx'
import { Outcome } from './outcome.tsx'
import { useMailedLink } from './useMailedLink.ts'

/** Sets a new password for whoever has the mailbox. */
export function ResetPasswordPage() {
  const { words } = useWords()
  const { reset, link: said } = words.visitor
  const link = useMailedLink()
  const [isDone, setDone] = useState(false)
  if (isDone) {
    return (
      <Outcome title={reset.doneTitle} lead={reset.done}>
        <LinkButton to="/sign-in">{said.signIn}</LinkButton>
      </Outcome>
    )
  }
  if (link.fault) {
    return (
      <DeadLink fault={link.fault}>
        <LinkButton to="/forgot-password">{said.askAgain}</LinkButton>
      </DeadLink>
    )
  }
  return (
    <Card title={reset.title} lead={reset.lead}>
      <Form
        onSubmit={({ password = '' }) =>
          link.spend(async (token) => {
            unwrap(await client.api.POST('/v1/auth/password/reset', { body: { token, password } }))
            setDone(true)
          })
        }
      >
        <NewPasswordField label={reset.password} />
        <Submit>{reset.submit}</Submit>
      </Form>
    </Card>
  )
}
