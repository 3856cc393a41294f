import { Box, Group, Paper, Text, Title } from '@mantine/core'
import { type ReactNode, useId } from 'react'

interface SectionProps {
  title: string
  lead?: ReactNode
  /** What can be done here. */
  acts?: ReactNode
  children: ReactNode
}

/** A part of a page. */
export function Section({ title, lead, acts, children }: SectionProps) {
  const id = useId()
  return (
    <Paper component="section" aria-labelledby={id} withBorder p={{ base: 'md', sm: 'lg' }} radius="md">
      <Group justify="space-between" align="flex-start" mb="md" gap="sm">
        <Box flex="1 1 16rem">
          <Title order={2} fz="lg" id={id}>
            {title}
          </Title>
          {lead && (
            <Text c="dimmed" fz="sm">
              {lead}
            </Text>
          )}
        </Box>
        {acts && <Group gap="xs">{acts}</Group>}
      </Group>
      {children}
    </Paper>
  )
}

/** In place of rows where there are none. */
export function Nothing({ children }: { children: ReactNode }) {
  return (
    <Text c="dimmed" fz="sm">
      {children}
    </Text>
  )
}
