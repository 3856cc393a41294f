import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Stack } from '@mantine/core'
import { useState } from 'react'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { DeadLink } from './deadLink.tsx'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'
import { useMailedLink } from './useMailedLink.ts'

type Done = { kind: 'changed' | 'waiting'; email: string } | { kind: 'refused' }

/** Agrees to a change of address from one of its two mailboxes, or calls it off. */
export function ConfirmEmailChangePage() {
  const { words } = useWords()
  const { emailChange, link: said, goOn } = words.visitor
  const { user } = useSession()
  const link = useMailedLink()
  const [done, setDone] = useState<Done | null>(null)

  if (done?.kind === 'refused') {
    return (
      <Outcome title={emailChange.refusedTitle} lead={emailChange.refused}>
        <LinkButton to="/forgot-password" variant="default">
          {emailChange.newPassword}
        </LinkButton>
      </Outcome>
    )
  }
  if (done) {
    const isWaiting = done.kind === 'waiting'
    return (
      <Outcome
        title={isWaiting ? emailChange.waitingTitle : emailChange.doneTitle}
        lead={isWaiting ? emailChange.waiting(done.email) : emailChange.done(done.email)}
      >
        <LinkButton to={user ? '/security' : '/sign-in'} variant="default">
          {user ? goOn : said.signIn}
        </LinkButton>
      </Outcome>
    )
  }
  if (link.fault) {
    return (
      <DeadLink fault={link.fault}>
        <LinkButton to="/security">{said.security}</LinkButton>
      </DeadLink>
    )
  }
  return (
    <Card title={emailChange.title} lead={emailChange.lead}>
      <Stack gap="sm">
        <Form
          onSubmit={() =>
            link.spend(async (token) => {
              const reply = await client.api.POST('/v1/auth/email/change/confirm', { body: { token } })
              const { email, status } = unwrap(reply)
              if (user && status === 'changed') await client.api.POST('/v1/auth/refresh', { body: {} })
              setDone({ kind: status, email })
            })
          }
        >
          <Submit>{emailChange.submit}</Submit>
        </Form>
        <Form
          onSubmit={() =>
            link.spend(async (token) => {
              unwrap(await client.api.POST('/v1/auth/email/change/refuse', { body: { token } }))
              setDone({ kind: 'refused' })
            })
          }
        >
          <Submit variant="default">{emailChange.refuse}</Submit>
        </Form>
      </Stack>
    </Card>
  )
}
