import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Text } from '@mantine/core'
import { useState } from 'react'
import { client, queries } from '../../client.ts'
import { Field, Form, Submit } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { refreshSession } from '../refreshSession.ts'
import { Section } from '../section.tsx'

/** What the user is called; nothing is a name too. */
export function OwnName() {
  const { words } = useWords()
  const { user } = useSession()
  const [isSaved, setSaved] = useState(false)
  const own = words.account.settings
  if (!user) return null
  return (
    <Section title={own.selfTitle} lead={own.selfLead}>
      <Form
        onSubmit={async ({ name }) => {
          setSaved(false)
          unwrap(await client.api.PATCH('/v1/me', { body: { name: name ?? null } }))
          await refreshSession()
          await queries.invalidateQueries({ queryKey: ['members'] })
          setSaved(true)
        }}
      >
        <Field
          name="name"
          label={words.shared.name}
          defaultValue={user.name ?? ''}
          autoComplete="name"
          maxLength={120}
          maw={420}
        />
        <Submit fullWidth={false} w="fit-content" variant="default">
          {words.shared.save}
        </Submit>
      </Form>
      <Text fz="sm" role="status" hidden={!isSaved}>
        {isSaved && words.shared.saved}
      </Text>
    </Section>
  )
}
