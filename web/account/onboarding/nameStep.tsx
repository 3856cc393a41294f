import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Text } from '@mantine/core'
import { client } from '../../client.ts'
import { Field, Form, Submit } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { refreshSession } from '../refreshSession.ts'
import { lookAgain } from './useOnboarding.ts'

/** Names the account, and whoever does it. */
export function NameStep({ onDone }: { onDone: () => void }) {
  const { words } = useWords()
  const { account, user } = useSession()
  const own = words.account.welcome
  return (
    <Form
      onSubmit={async ({ name = '', user_name: called }) => {
        unwrap(await client.api.PATCH('/v1/accounts/me', { body: { name } }))
        if (called && called !== user?.name)
          unwrap(await client.api.PATCH('/v1/me', { body: { name: called } }))
        await refreshSession()
        await lookAgain()
        onDone()
      }}
    >
      <Text>{own.nameLead}</Text>
      <Field
        name="name"
        label={own.nameAccount}
        defaultValue={account?.name}
        autoComplete="organization"
        maxLength={120}
        required
      />
      <Field
        name="user_name"
        label={`${own.nameSelf} (${words.shared.optional})`}
        defaultValue={user?.name ?? ''}
        autoComplete="name"
        maxLength={120}
      />
      <Submit>{own.next}</Submit>
    </Form>
  )
}
