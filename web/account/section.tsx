import { Paper, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useId } from 'react'

interface SectionProps {
  title: string
  lead?: ReactNode
  /** Beside the title, such as a badge or a button. */
  aside?: ReactNode
  children?: ReactNode
}

/** One matter of a page: what it is about, and what can be done. */
export function Section({ title, lead, aside, children }: SectionProps) {
  const id = useId()
  return (
    <Paper component="section" aria-labelledby={id} withBorder radius="lg" p={{ base: 'md', xs: 'lg' }}>
      <Stack gap="md">
        <Stack gap={2}>
          <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'center' }}>
            <Title order={2} id={id} fz="h3" style={{ flex: 1, minWidth: 'min(100%, 12rem)' }}>
              {title}
            </Title>
            {aside}
          </div>
          {lead && (
            <Text c="dimmed" fz="sm">
              {lead}
            </Text>
          )}
        </Stack>
        {children}
      </Stack>
    </Paper>
  )
}
