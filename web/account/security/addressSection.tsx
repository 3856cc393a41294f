import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { client } from '../../client.ts'
import { Field, Form, PasswordField, Submit } from '../../forms/form.tsx'
import { useWords } from '../../words/words.ts'
import { FaultText } from '../fault.tsx'
import { ResendLink } from '../resendLink.tsx'
import { Section } from '../section.tsx'
import { StatusBadge } from '../statusBadge.tsx'

/** The address, whether it is verified, and the way to another one. */
export function AddressSection() {
  const { words } = useWords()
  const { user } = useSession()
  const [asked, setAsked] = useState<string[]>([])
  const last = asked.at(-1)
  const own = words.account.security
  const { verified, unverified, lead } = words.account.verify
  if (!user) return null
  return (
    <Section title={own.addressTitle} lead={own.addressLead}>
      <Group gap="xs">
        <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
          {user.email}
        </Text>
        <StatusBadge color={user.email_verified ? 'green' : 'orange'}>
          {user.email_verified ? verified : unverified}
        </StatusBadge>
      </Group>
      {!user.email_verified && (
        <Stack gap="xs">
          <Text fz="sm">{lead(user.email)}</Text>
          <ResendLink />
        </Stack>
      )}
      <Form
        key={asked.length}
        explain={(thrown) => <FaultText error={thrown} />}
        onSubmit={async ({ email = '', password }) => {
          const body = { email, ...(password && { password }) }
          unwrap(await client.api.POST('/v1/me/email', { body }))
          setAsked([...asked, email])
        }}
      >
        <Field name="email" type="email" label={own.newAddress} autoComplete="email" maw={420} required />
        {user.has_password ? (
          <PasswordField
            name="password"
            label={own.currentPassword}
            autoComplete="current-password"
            maw={420}
            required
          />
        ) : (
          <Text fz="sm" c="dimmed">
            {own.addressRecent}
          </Text>
        )}
        <Submit fullWidth={false} w="fit-content" variant="default">
          {own.changeAddress}
        </Submit>
      </Form>
      <Text fz="sm" role="status" hidden={!last}>
        {last && (user.email_verified ? own.addressSent(last) : own.addressSentUnverified(last))}
      </Text>
    </Section>
  )
}
