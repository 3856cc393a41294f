import { Badge, Box } from '@mantine/core'
import type { ReactNode } from 'react'

/** How things stand, in a word; the color says it again to those who see it. */
export type Tone = 'good' | 'busy' | 'bad' | 'quiet'

const colors: Record<Tone, string> = {
  good: 'var(--mantine-color-teal-6)',
  busy: 'var(--mantine-color-yellow-6)',
  bad: 'var(--mantine-color-red-6)',
  quiet: 'var(--mantine-color-gray-5)',
}

export function Mark({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <Badge
      variant="default"
      miw="max-content"
      fw={500}
      tt="none"
      leftSection={<Box w={7} h={7} bg={colors[tone]} style={{ borderRadius: '50%' }} aria-hidden />}
    >
      {children}
    </Badge>
  )
}
