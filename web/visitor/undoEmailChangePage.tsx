import { unwrap } from '@frontgate/client'
import { useState } from 'react'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { DeadLink } from './deadLink.tsx'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'
import { useMailedLink } from './useMailedLink.ts'

/** Takes a change of address back, from the mailbox that was left. */
export function UndoEmailChangePage() {
  const { words } = useWords()
  const { emailChange, link: said } = words.visitor
  const link = useMailedLink()
  const [isDone, setDone] = useState(false)
  if (isDone) {
    return (
      <Outcome title={emailChange.undoneTitle} lead={emailChange.undone}>
        <LinkButton to="/forgot-password">{emailChange.newPassword}</LinkButton>
        <LinkButton to="/sign-in" variant="default">
          {said.signIn}
        </LinkButton>
      </Outcome>
    )
  }
  if (link.fault) {
    return (
      <DeadLink fault={link.fault}>
        <LinkButton to="/sign-in">{said.signIn}</LinkButton>
      </DeadLink>
    )
  }
  return (
    <Card title={emailChange.undoTitle} lead={emailChange.undoLead}>
      <Form
        onSubmit={() =>
          link.spend(async (token) => {
            unwrap(await client.api.POST('/v1/auth/email/change/refuse', { body: { token } }))
            setDone(true)
          })
        }
      >
        <Submit>{emailChange.undo}</Submit>
      </Form>
    </Card>
  )
}
