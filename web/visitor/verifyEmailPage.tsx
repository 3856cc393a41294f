import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Stack } from '@mantine/core'
import { useState } from 'react'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { productName, productUrl } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { secondStep } from './carriedOn.ts'
import { DeadLink } from './deadLink.tsx'
import { LinkButton } from './linkButton.tsx'
import { Outcome } from './outcome.tsx'
import { useGoOn } from './useGoOn.ts'
import { useMailedLink } from './useMailedLink.ts'

/** Proves that a mailbox is its user's, or frees its address again. Registration by mail signs in with it. */
export function VerifyEmailPage() {
  const { words } = useWords()
  const { verify, link: said, goOn, goOnTo, toSignIn } = words.visitor
  const { user } = useSession()
  const link = useMailedLink()
  const leadOn = useGoOn()
  const [verified, setVerified] = useState<string | null>(null)
  const [isDisowned, setDisowned] = useState(false)

  if (verified !== null) {
    return (
      <Outcome title={verify.doneTitle} lead={verify.done(verified)}>
        {user ? (
          <LinkButton to="/welcome">{goOn}</LinkButton>
        ) : (
          <LinkButton to="/sign-in" search={{ login: verified, return_to: '/welcome' }}>
            {said.signIn}
          </LinkButton>
        )}
        {productUrl && (
          <Button component="a" href={productUrl} variant="default" fullWidth>
            {goOnTo(productName)}
          </Button>
        )}
      </Outcome>
    )
  }
  if (isDisowned) {
    return (
      <Outcome title={verify.disownedTitle} lead={verify.disowned}>
        <LinkButton to="/sign-in" variant="default">
          {toSignIn}
        </LinkButton>
      </Outcome>
    )
  }
  if (link.fault) {
    return (
      <DeadLink fault={link.fault}>
        {link.fault === 'token-used' ? (
          <LinkButton to={user ? '/account' : '/sign-in'}>{user ? goOn : said.signIn}</LinkButton>
        ) : (
          <LinkButton
            {...(user ? { to: '/check-mail' } : { to: '/sign-in', search: { return_to: '/check-mail' } })}
          >
            {verify.askAgain}
          </LinkButton>
        )}
      </DeadLink>
    )
  }
  return (
    <Card title={verify.title} lead={verify.lead(productName)}>
      <Stack gap="sm">
        <Form
          onSubmit={() =>
            link.spend(async (token) => {
              const reply = await client.api.POST('/v1/auth/email/verify', { body: { token } })
              if (reply.error?.code === 'second-factor-required') return leadOn(secondStep())
              const { email, tokens } = unwrap(reply)
              // Whoever is signed in here already has pages that know the address as unverified.
              if (!tokens && user) await client.api.POST('/v1/auth/refresh', { body: {} })
              setVerified(email)
            })
          }
        >
          <Submit>{verify.submit}</Submit>
        </Form>
        <Form
          onSubmit={() =>
            link.spend(async (token) => {
              unwrap(await client.api.POST('/v1/auth/email/disown', { body: { token } }))
              setDisowned(true)
            })
          }
        >
          <Submit variant="default">{verify.disown}</Submit>
        </Form>
      </Stack>
    </Card>
  )
}
