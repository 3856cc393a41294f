import { useBillingState, useSession } from '@frontgate/client/react'
import { Anchor, Paper, Progress, Skeleton, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useWords } from '../../words/words.ts'
import { isAtLeast } from '../roles.ts'

/** How many seats are taken, by members and by open invites, and the way to more. */
export function Seats() {
  const { words, locale } = useWords()
  const { account } = useSession()
  const { state } = useBillingState()
  if (!state) return <Skeleton h={72} radius="lg" />
  const { used: members, pending, limit } = state.subscription.seats
  const used = members + pending
  const write = (count: number) => new Intl.NumberFormat(locale).format(count)
  const own = words.account.members
  const isFull = limit !== null && used >= limit
  const mayPay = isAtLeast(account?.role, 'admin')
  return (
    <Paper withBorder radius="lg" p="md">
      <Stack gap="xs">
        <Text fw={500} data-figures>
          {limit === null ? own.seatsNoLimit(write(used)) : own.seatsOf(write(used), write(limit))}
          {pending > 0 && (
            <Text span c="dimmed" fw={400}>
              , {own.seatsPending(write(pending))}
            </Text>
          )}
        </Text>
        {limit !== null && (
          <Progress
            value={Math.min(100, (100 * used) / Math.max(limit, 1))}
            {...(isFull && { color: 'orange' })}
            aria-label={own.seats}
          />
        )}
        {isFull && (
          <Text fz="sm">
            {mayPay ? own.seatsFull : own.seatsFullPlain}{' '}
            {mayPay && (
              <Anchor component={Link} to="/billing" inherit underline="always">
                {words.account.fault.toMorePlans}
              </Anchor>
            )}
          </Text>
        )}
      </Stack>
    </Paper>
  )
}
