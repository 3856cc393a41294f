import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { useState } from 'react'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { Card } from '../shell/card.tsx'
import { Failed } from '../shell/failed.tsx'
import { Loading } from '../shell/loading.tsx'
import { useWords } from '../words/words.ts'
import { DeadLink } from './deadLink.tsx'
import { GoOn } from './goOn.tsx'
import { LinkButton } from './linkButton.tsx'
import { NewPasswordField } from './newPasswordField.tsx'
import { Outcome } from './outcome.tsx'
import { useMailedLink } from './useMailedLink.ts'

/** Gives a first password to somebody who is signed in and came by Google or Microsoft so far. */
export function SetPasswordPage() {
  const { words } = useWords()
  const { firstPassword, reset, link: said, goOn } = words.visitor
  const { status, user, problem } = useSession()
  const link = useMailedLink()
  const [isDone, setDone] = useState(false)
  if (isDone) {
    return (
      <Outcome title={firstPassword.doneTitle} lead={firstPassword.done}>
        <LinkButton to="/security">{goOn}</LinkButton>
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
  if (status === 'loading') return problem ? <Failed error={problem} /> : <Loading />
  if (status === 'signed-out') {
    const here = location.pathname + location.search
    return <GoOn to={`/sign-in?${new URLSearchParams({ error: 'unauthenticated', return_to: here })}`} />
  }
  return (
    <Card title={firstPassword.title} lead={firstPassword.lead}>
      <Form
        onSubmit={({ password = '' }) =>
          link.spend(async (token) => {
            unwrap(await client.api.POST('/v1/auth/password/first', { body: { token, password } }))
            setDone(true)
          })
        }
      >
        <input type="email" name="username" autoComplete="username" value={user?.email} readOnly hidden />
        <NewPasswordField label={words.shared.password} />
        <Submit>{reset.submit}</Submit>
      </Form>
    </Card>
  )
}
