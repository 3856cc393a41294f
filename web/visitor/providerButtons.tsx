import { ProviderMark, providerTitles } from '@frontgate/client/react'
import { Button, Divider, Stack } from '@mantine/core'
import { client } from '../client.ts'
import { settings } from '../settings.ts'
import { useWords } from '../words/words.ts'

interface ProviderButtonsProps {
  /** Where people come back to. */
  returnTo: string
  inviteToken?: string | null | undefined
  loginHint?: string | undefined
  /** Those that somebody signs in with who has no password here: they stand out. */
  highlighted?: readonly string[] | undefined
}

/** The ways in by Google and Microsoft, as far as they are set up, above a form. */
export function ProviderButtons({
  returnTo,
  inviteToken,
  loginHint,
  highlighted = [],
}: ProviderButtonsProps) {
  const { words } = useWords()
  if (settings.oauth_providers.length === 0) return null
  const options = {
    returnTo,
    ...(inviteToken && { inviteToken }),
    ...(loginHint && { loginHint }),
  }
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        {settings.oauth_providers.map((provider) => (
          <Button
            key={provider}
            component="a"
            href={client.signInUrl(provider as 'google', options)}
            variant={highlighted.includes(provider) ? 'light' : 'default'}
            leftSection={<ProviderMark provider={provider} />}
            fullWidth
          >
            {words.visitor.continueWith(providerTitles[provider] ?? provider)}
          </Button>
        ))}
      </Stack>
      <Divider label={words.shared.or} />
    </Stack>
  )
}
