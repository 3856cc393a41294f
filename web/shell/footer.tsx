import { Anchor, Group, NativeSelect } from '@mantine/core'
import { settings } from '../settings.ts'
import {
  chooseLanguageHere,
  type LanguageCode,
  languages,
  readersLanguage,
  useWords,
} from '../words/words.ts'

/** Terms, privacy and the language, below every page. */
export function Footer() {
  const { words } = useWords()
  const { terms_url: terms, privacy_url: privacy } = settings.brand
  return (
    <Group component="footer" justify="center" gap="lg" p="md" fz="sm" c="dimmed">
      {terms && (
        <Anchor href={terms} inherit c="dimmed">
          {words.shared.terms}
        </Anchor>
      )}
      {privacy && (
        <Anchor href={privacy} inherit c="dimmed">
          {words.shared.privacy}
        </Anchor>
      )}
      <NativeSelect
        size="xs"
        variant="unstyled"
        aria-label={words.shared.language}
        defaultValue={readersLanguage()}
        onChange={(event) => chooseLanguageHere(event.currentTarget.value as LanguageCode)}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
      />
    </Group>
  )
}
