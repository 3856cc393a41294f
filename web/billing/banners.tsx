import { type components, unwrap } from '@frontgate/client'
import { formatDate, useBillingState, useServiceTime, useSession } from '@frontgate/client/react'
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords, type Words } from '../words/words.ts'
import { PortalButton } from './leave.tsx'
import { leftOf } from './standing.ts'
import { useMayBuy } from './useMayBuy.ts'

/** A trial that goes on longer than that is no news. */
const PRESSING_DAYS = 3

/** What a member should know before anything else: that a trial ends, that a payment failed, that a mailbox is not verified. */
export function Banners() {
  const { user } = useSession()
  const { state } = useBillingState()
  const { pathname } = useLocation()
  // The pages about billing say it themselves, and at more length.
  const isSaid = pathname.startsWith('/billing')
  return (
    <>
      {user && !user.email_verified && <Unverified user={user} />}
      {state && !isSaid && <AboutBilling state={state} />}
    </>
  )
}

function Unverified({ user }: { user: components['schemas']['User'] }) {
  const { words, locale } = useWords()
  const say = useSayProblem()
  const at = useServiceTime()()
  const said = words.billing.banners
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: async () => unwrap(await client.api.POST('/v1/auth/email/resend', { body: {} })),
  })
  const { email, verification_grace_ends_at: end } = user
  const isClosed = end === null || Date.parse(end) <= at.getTime()
  return (
    <Banner
      isPressing={isClosed}
      says={isClosed ? said.unverified(email) : said.unverifiedUntil(email, formatDate(end, at, locale))}
      more={isSuccess ? said.resent(email) : error && say(error)}
    >
      <Button size="xs" variant="default" loading={isPending} onClick={() => mutate()}>
        {said.resend}
      </Button>
    </Banner>
  )
}

function AboutBilling({ state }: { state: components['schemas']['BillingState'] }) {
  const { words, locale } = useWords()
  const at = useServiceTime()()
  const mayBuy = useMayBuy()
  const news = newsOf(state, words, (instant) => formatDate(instant, at, locale), at)
  if (!news) return null
  const said = words.billing.banners
  return (
    <Banner isPressing={news.isPressing} says={mayBuy ? news.says : `${news.says} ${said.ask}`}>
      {mayBuy && news.act === 'pay' && state.actions.portal && (
        <PortalButton flow="payment_method" size="xs">
          {words.billing.updateCard}
        </PortalButton>
      )}
      {mayBuy && news.act === 'choose' && (
        <Button component={Link} to="/billing" size="xs">
          {said.choosePlan}
        </Button>
      )}
      {mayBuy && news.act === 'look' && (
        <Button component={Link} to="/billing" size="xs" variant="default">
          {said.details}
        </Button>
      )}
    </Banner>
  )
}

interface News {
  says: string
  isPressing: boolean
  act: 'pay' | 'choose' | 'look'
}

/** The one thing that is pressing about what an account is on, or null. */
function newsOf(
  state: components['schemas']['BillingState'],
  words: Words,
  on: (instant: string) => string,
  at: Date,
): News | null {
  const { banners: said, standing } = words.billing
  const { status, source, trial_ends_at, trial_days_remaining, ends_at, grace_ends_at } = state.subscription
  if (status === 'past_due') {
    const isOver = grace_ends_at !== null && Date.parse(grace_ends_at) <= at.getTime()
    const says = isOver
      ? standing.pastDueOver
      : grace_ends_at
        ? standing.pastDueUntil(on(grace_ends_at))
        : standing.pastDue
    return { says, isPressing: true, act: 'pay' }
  }
  if (status === 'unpaid') return { says: standing.unpaid, isPressing: true, act: 'pay' }
  // Whoever has a plan by other means need not know what became of an earlier one.
  if (source === 'complimentary' || source === 'override') return null
  if (status === 'paused' || status === 'incomplete')
    return { says: standing[status], isPressing: true, act: 'look' }
  if (ends_at && (status === 'active' || status === 'trialing'))
    return { says: said.cancels(on(ends_at)), isPressing: false, act: 'look' }
  if (status === 'trial_expired' && trial_ends_at)
    return { says: said.trialOver(on(trial_ends_at)), isPressing: true, act: 'choose' }
  const isPressing =
    status === 'trialing' &&
    source === 'trial' &&
    (trial_days_remaining ?? PRESSING_DAYS + 1) <= PRESSING_DAYS
  return isPressing && trial_ends_at
    ? { says: said.trialEnds(on(trial_ends_at), leftOf(state, words)), isPressing: false, act: 'choose' }
    : null
}

interface BannerProps {
  says: string
  isPressing: boolean
  /** What came of the action. */
  more?: ReactNode
  children: ReactNode
}

function Banner({ says, isPressing, more, children }: BannerProps) {
  return (
    <Alert color={isPressing ? 'orange' : 'blue'} role="status" py="sm">
      <Group justify="space-between" gap="sm">
        <Stack gap={2} flex="1 1 18rem">
          <Text fz="sm">{says}</Text>
          {more && (
            <Text fz="sm" fw={600}>
              {more}
            </Text>
          )}
        </Stack>
        {children}
      </Group>
    </Alert>
  )
}
