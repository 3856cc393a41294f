import { useSession } from '@frontgate/client/react'
import { Anchor, Button, Divider, Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { client } from '../client.ts'
import { Field, Form, PasswordField, Submit } from '../forms/form.tsx'
import { settings } from '../settings.ts'
import { Card } from '../shell/card.tsx'
import { useWords } from '../words/words.ts'
import { placeToGo } from './placeToGo.ts'

const providerNames: Record<string, string> = { google: 'Google', microsoft: 'Microsoft' }

/** Where people come in. */
export function SignInPage() {
  const { words } = useWords()
  const { user } = useSession()
  return (
    <Card title={words.visitor.signIn.title} lead={user?.email}>
      <Stack gap="xs">
        {settings.oauth_providers.map((provider) => (
          <Button
            key={provider}
            component="a"
            variant="default"
            href={client.signInUrl(provider as 'google', { returnTo: placeToGo() })}
          >
            {words.visitor.signIn.continueWith(providerNames[provider] ?? provider)}
          </Button>
        ))}
      </Stack>
      <Divider label={words.shared.or} />
      <Form
        onSubmit={async ({ email = '', password = '' }) => {
          await client.signIn({ email, password })
          location.assign(placeToGo())
        }}
      >
        <Field name="email" label={words.shared.email} type="email" autoComplete="username" required />
        <PasswordField
          name="password"
          label={words.shared.password}
          autoComplete="current-password"
          required
        />
        <Submit>{words.visitor.signIn.submit}</Submit>
      </Form>
      <Anchor component={Link} to="/forgot-password" ta="center" fz="sm">
        {words.visitor.signIn.forgot}
      </Anchor>
    </Card>
  )
}
