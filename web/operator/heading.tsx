import { Box, Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTitle } from '../shell/useTitle.ts'

/** What a page is called, a sentence about it, and what can be done on it. */
export function Heading({
  title,
  lead,
  children,
}: {
  title: string
  lead?: ReactNode
  children?: ReactNode
}) {
  useTitle(title)
  return (
    <Group justify="space-between" align="flex-start" gap="sm">
      <Box flex="1 1 20rem" miw={0}>
        <Title order={1} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {lead && (
          <Text c="dimmed" maw={720}>
            {lead}
          </Text>
        )}
      </Box>
      {children && <Group gap="xs">{children}</Group>}
    </Group>
  )
}
