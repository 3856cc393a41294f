import { Anchor, Center, Stack, Text, Title } from '@mantine/core'
import { useWords } from '../words/words.ts'
import { useTitle } from './useTitle.ts'

/** Where there is no page. */
export function NotFound() {
  const { words } = useWords()
  useTitle(words.shared.notFound)
  return (
    <Center component="main" mih="60vh" p="md">
      <Stack align="center" gap="xs">
        <Title order={1}>{words.shared.notFound}</Title>
        <Text c="dimmed">{words.shared.notFoundLead}</Text>
        <Anchor href="/">{words.shared.toStart}</Anchor>
      </Stack>
    </Center>
  )
}
