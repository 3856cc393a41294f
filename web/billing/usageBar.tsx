import type { components } from '@frontgate/client'
import { formatDate, useServiceTime } from '@frontgate/client/react'
import { Anchor, Group, Progress, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import { useWords } from '../words/words.ts'
import { useNameLimit } from './useNameLimit.ts'

interface UsageBarProps {
  name: string
  limit: components['schemas']['Entitlements']['limits'][string]
  /** Whether whoever looks could buy a plan that includes more. */
  mayGetMore: boolean
}

/** From here on somebody should think of what comes next. */
const NEARLY = 0.8

/** How much of a limit is used, and when it starts again. */
export function UsageBar({ name, limit: { limit, used, per, resets_at }, mayGetMore }: UsageBarProps) {
  const { words, locale } = useWords()
  const at = useServiceTime()()
  const nameLimit = useNameLimit()
  const id = useId()
  const said = words.billing.usage
  const write = (amount: number) => new Intl.NumberFormat(locale).format(amount)
  const share = limit === null ? 0 : limit === 0 ? (used > 0 ? 1 : 0) : used / limit
  const isFull = limit !== null && used >= limit && !(limit === 0 && used === 0)
  const isOver = limit !== null && used > limit
  const amount =
    limit === null
      ? said.unlimited(write(used))
      : limit === 0 && used === 0
        ? said.notIncluded
        : said.of(write(used), write(limit))
  const notes = [
    isOver ? said.over(write(used - limit)) : isFull ? said.full : null,
    limit !== null && used < limit ? said.left(write(limit - used)) : null,
    per !== null && resets_at && limit !== 0 ? said.resets(formatDate(resets_at, at, locale)) : null,
    name === 'members' ? said.membersPending : null,
  ].filter((note) => note !== null)
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs" align="baseline">
        <Text fw={600} id={id}>
          {nameLimit(name)}
        </Text>
        <Text data-figures>{amount}</Text>
      </Group>
      {limit !== null && limit > 0 && (
        <Progress.Root size="md">
          <Progress.Section
            value={Math.min(100, 100 * share)}
            color={isFull ? 'red' : share >= NEARLY ? 'orange' : 'accent'}
            aria-labelledby={id}
            aria-valuetext={amount}
          />
        </Progress.Root>
      )}
      <Group justify="space-between" gap="xs" fz="sm" align="baseline">
        <Text {...(!isOver && { c: 'dimmed' })} fz="sm" flex="1 1 14rem">
          {notes.join(' · ')}
        </Text>
        {mayGetMore && limit !== null && (isFull || limit === 0 || share >= NEARLY) && (
          <Anchor component={Link} to="/billing" fz="sm" aria-label={`${said.more}: ${nameLimit(name)}`}>
            {said.more}
          </Anchor>
        )}
      </Group>
    </Stack>
  )
}
