import { Stack, Text, Title } from '@mantine/core'
import { useTitle } from '../shell/useTitle.ts'

/** What a page is called, in the tab too, and a sentence about it. */
export function PageHead({ title, lead }: { title: string; lead: string }) {
  useTitle(title)
  return (
    <Stack gap={4}>
      <Title order={1}>{title}</Title>
      <Text c="dimmed">{lead}</Text>
    </Stack>
  )
}
