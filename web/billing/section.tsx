import { Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useId } from 'react'

interface SectionProps {
  title: string
  lead?: ReactNode
  /** What stands at the end of the line of the title. */
  beside?: ReactNode
  children?: ReactNode
}

/** A part of a page that has a name. */
export function Section({ title, lead, beside, children }: SectionProps) {
  const id = useId()
  return (
    <Paper component="section" aria-labelledby={id} withBorder radius="lg" p={{ base: 'md', xs: 'lg' }}>
      <Stack gap="md">
        <Group justify="space-between" gap="sm">
          <Stack gap={2} flex="1 1 16rem">
            <Title order={2} id={id}>
              {title}
            </Title>
            {lead && <Text c="dimmed">{lead}</Text>}
          </Stack>
          {beside}
        </Group>
        {children}
      </Stack>
    </Paper>
  )
}
