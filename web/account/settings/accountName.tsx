import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Text } from '@mantine/core'
import { useState } from 'react'
import { client } from '../../client.ts'
import { Field, Form, Submit } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { lookAgain } from '../onboarding/useOnboarding.ts'
import { refreshSession } from '../refreshSession.ts'
import { isAtLeast } from '../roles.ts'
import { Section } from '../section.tsx'

/** What the account is called. */
export function AccountName() {
  const { words } = useWords()
  const { account } = useSession()
  const [isSaved, setSaved] = useState(false)
  const own = words.account.settings
  if (!account) return null
  const mayChange = isAtLeast(account.role, 'admin')
  return (
    <Section title={own.nameTitle} lead={mayChange ? own.nameLead : own.nameLimited}>
      {mayChange ? (
        <Form
          onSubmit={async ({ account_name: name = '' }) => {
            setSaved(false)
            unwrap(await client.api.PATCH('/v1/accounts/me', { body: { name } }))
            await refreshSession()
            await lookAgain()
            setSaved(true)
          }}
        >
          <Field
            name="account_name"
            label={own.nameLabel}
            defaultValue={account.name}
            autoComplete="organization"
            maxLength={120}
            maw={420}
            required
          />
          <Submit fullWidth={false} w="fit-content" variant="default">
            {words.shared.save}
          </Submit>
        </Form>
      ) : (
        <Text fw={500}>{account.name}</Text>
      )}
      <Text fz="sm" role="status" hidden={!isSaved}>
        {isSaved && words.shared.saved}
      </Text>
    </Section>
  )
}
