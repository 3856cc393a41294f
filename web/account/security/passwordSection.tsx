import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Button, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client, queries } from '../../client.ts'
import { Form, PasswordField, Submit } from '../../forms/form.tsx'
import { settings } from '../../settings.ts'
import { useWords } from '../../words/words.ts'
import { Fault, FaultText } from '../fault.tsx'
import { Section } from '../section.tsx'

/** Another password, or by mail a first one. */
export function PasswordSection() {
  const { words } = useWords()
  const { user } = useSession()
  if (!user) return null
  const own = words.account.security
  return (
    <Section title={own.passwordTitle} lead={user.has_password ? own.passwordLead : own.noPassword}>
      {user.has_password ? <ChangePassword email={user.email} /> : <FirstPassword email={user.email} />}
    </Section>
  )
}

function ChangePassword({ email }: { email: string }) {
  const { words } = useWords()
  const [times, setTimes] = useState(0)
  const own = words.account.security
  return (
    <>
      <Form
        key={times}
        explain={(thrown) => <FaultText error={thrown} />}
        onSubmit={async ({ current_password: current = '', password = '' }) => {
          const body = { current_password: current, new_password: password }
          unwrap(await client.api.POST('/v1/auth/password/change', { body }))
          setTimes(times + 1)
          await queries.invalidateQueries({ queryKey: ['sessions'] })
        }}
      >
        <input
          className="away"
          type="text"
          autoComplete="username"
          value={email}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <PasswordField
          name="current_password"
          label={own.currentPassword}
          autoComplete="current-password"
          maw={420}
          required
        />
        <PasswordField
          name="password"
          label={own.newPassword}
          description={own.passwordHint(settings.password_min_length)}
          autoComplete="new-password"
          minLength={settings.password_min_length}
          maw={420}
          required
        />
        <Submit fullWidth={false} w="fit-content" variant="default">
          {own.changePassword}
        </Submit>
      </Form>
      <Text fz="sm" role="status" hidden={times === 0}>
        {times > 0 && own.passwordChanged}
      </Text>
    </>
  )
}

function FirstPassword({ email }: { email: string }) {
  const { words } = useWords()
  const ask = useMutation({
    mutationFn: async () => unwrap(await client.api.POST('/v1/auth/password/first-link', { body: {} })),
  })
  const own = words.account.security
  return (
    <>
      <Button variant="default" w="fit-content" loading={ask.isPending} onClick={() => ask.mutate()}>
        {own.firstLink}
      </Button>
      <Text fz="sm" role="status" hidden={!ask.isSuccess}>
        {ask.isSuccess && own.firstLinkSent(email)}
      </Text>
      <Fault error={ask.error} />
    </>
  )
}
