import type { components } from '@frontgate/client'
import {
  chooseLanguage,
  formatLimit,
  formatMoney,
  formatShare,
  type Interval,
  nameInWords,
  yearlySaving,
} from '@frontgate/client/react'
import {
  Badge,
  Button,
  Group,
  List,
  Paper,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useId, useState } from 'react'
import { settings } from '../settings.ts'
import { useWords } from '../words/words.ts'
import { CancelDialog } from './cancelDialog.tsx'
import { ChangeDialog, type Wanted } from './changeDialog.tsx'
import { CheckoutDialog } from './checkoutDialog.tsx'
import { amountOf } from './limits.ts'
import { useMayBuy } from './useMayBuy.ts'
import { useNameLimit } from './useNameLimit.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']

interface PlanCardsProps {
  state: BillingState
  plans: Plan[]
  /** What somebody chose before they came here; its dialog is open at once. */
  chosen: { plan: string | null; interval: Interval | null }
}

/** The plans for sale, and the way to each of them. */
export function PlanCards({ state, plans, chosen }: PlanCardsProps) {
  const { words, locale } = useWords()
  const mayBuy = useMayBuy()
  const id = useId()
  const { subscription, actions } = state
  const [interval, setInterval] = useState<Interval>(chosen.interval ?? subscription.interval ?? 'month')
  const isSubscribed = isGoingOn(state)
  const why = whyNot(state)
  const mayChange = mayBuy && state.stripe_enabled && (actions.checkout || (isSubscribed && !why))
  const [wanted, setWanted] = useState<Wanted | null>(() => {
    const plan = plans.find((one) => one.plan === chosen.plan)
    const isSold = plan && (plan.month !== null || plan.year !== null)
    if (!mayChange || !isSold || (isSubscribed && plan.plan === state.plan)) return null
    return { plan, interval }
  })
  const [isLeaving, setLeaving] = useState(false)
  const currency = plans.find((plan) => plan.currency)?.currency ?? null
  const saving = Math.max(...plans.map(yearlySaving))

  return (
    <Stack component="section" aria-labelledby={id} gap="md">
      <Group justify="space-between">
        <Title order={2} id={id}>
          {words.billing.plans}
        </Title>
        <SegmentedControl
          aria-label={words.billing.interval}
          value={interval}
          onChange={(value) => setInterval(value as Interval)}
          data={[
            { value: 'month', label: words.billing.monthly },
            {
              value: 'year',
              label:
                saving > 0
                  ? `${words.billing.yearly}, ${words.billing.saveUpTo(formatShare(saving, locale))}`
                  : words.billing.yearly,
            },
          ]}
        />
      </Group>
      {mayBuy && why && <Text c="dimmed">{words.billing.settleFirst[why]}</Text>}
      {mayBuy && !state.stripe_enabled && <Text c="dimmed">{words.billing.notSetUp}</Text>}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
        {plans.map((plan) => (
          <PlanCard
            key={plan.plan}
            plan={plan}
            interval={interval}
            state={state}
            currency={currency}
            onLeave={isSubscribed && mayBuy && !subscription.ends_at ? () => setLeaving(true) : null}
            onChoose={mayChange ? (by) => setWanted({ plan, interval: by }) : null}
          />
        ))}
      </SimpleGrid>
      {wanted && !isSubscribed && (
        <CheckoutDialog
          state={state}
          plan={wanted.plan}
          interval={wanted.interval}
          onClose={() => setWanted(null)}
        />
      )}
      {isSubscribed && (
        <CancelDialog state={state} plans={plans} opened={isLeaving} onClose={() => setLeaving(false)} />
      )}
      {wanted && isSubscribed && (
        <ChangeDialog state={state} plans={plans} wanted={wanted} onClose={() => setWanted(null)} />
      )}
    </Stack>
  )
}

interface PlanCardProps {
  plan: Plan
  interval: Interval
  state: BillingState
  /** Of the plans that cost something. */
  currency: string | null
  /** Null for those who may not, or not now. */
  onChoose: ((interval: Interval) => void) | null
  /** Gives up what is paid for; null where nothing is, or it ends anyhow. */
  onLeave: (() => void) | null
}

function PlanCard({ plan, interval: shown, state, currency, onChoose, onLeave }: PlanCardProps) {
  const { words, locale } = useWords()
  const nameLimit = useNameLimit()
  const id = useId()
  const said = words.billing
  const language = chooseLanguage([locale])
  const isCurrent = plan.plan === state.plan
  // A plan that is sold for one period only shows that one.
  const interval = plan[shown] === null ? (shown === 'month' ? 'year' : 'month') : shown
  const amount = plan[interval]
  const isTrial = state.subscription.source === 'trial'
  const has = [
    ...Object.entries(plan.limits)
      .filter(([, limit]) => amountOf(limit) !== 0)
      .map(([name, limit]) => said.limit(nameLimit(name), formatLimit(limit, language))),
    ...Object.keys(plan.features)
      .filter((name) => plan.features[name])
      .map(nameInWords),
  ]
  return (
    <Paper
      component="article"
      aria-labelledby={id}
      withBorder
      radius="lg"
      p="lg"
      style={isCurrent ? { borderColor: 'var(--mantine-primary-color-filled)' } : undefined}
    >
      <Stack h="100%" gap="md">
        <Stack gap={4}>
          <Group justify="space-between">
            <Title order={3} id={id}>
              {plan.display_name}
            </Title>
            {isCurrent && (
              <Badge variant="light" tt="none">
                {isTrial ? said.yourTrial : said.yourPlan}
              </Badge>
            )}
          </Group>
          <Text c="dimmed" fz="sm">
            {plan.description}
          </Text>
        </Stack>
        <Group gap={6} align="baseline">
          <Text fz={28} fw={650} lh={1} data-figures>
            {amount !== null && plan.currency
              ? formatMoney(amount, plan.currency, locale)
              : plan.contact_sales
                ? said.price.onRequest
                : currency
                  ? formatMoney(0, currency, locale)
                  : said.price.free}
          </Text>
          {amount !== null && (
            <Text c="dimmed" fz="sm">
              {said.price[perOf(plan.per_seat, interval)]}
            </Text>
          )}
        </Group>
        <List center spacing={4} icon={<IconCheck size={16} aria-hidden />} fz="sm" flex={1}>
          {has.map((each) => (
            <List.Item key={each}>{each}</List.Item>
          ))}
        </List>
        {sayChoice()}
      </Stack>
    </Paper>
  )

  function sayChoice() {
    if (plan.contact_sales) {
      if (isCurrent) return null
      const to = new URL(settings.sales_url, location.origin)
      to.searchParams.set('plan', plan.plan)
      return (
        <Button component="a" href={to.href} variant="default">
          {said.talkToSales}
        </Button>
      )
    }
    if (plan.plan === 'free' && onLeave) {
      return (
        <Button variant="default" onClick={onLeave}>
          {said.changeTo(plan.display_name)}
        </Button>
      )
    }
    if (amount === null || !onChoose) return null
    const held = state.subscription.interval
    if (isCurrent && isGoingOn(state)) {
      if (held === interval) return null
      const label = interval === 'year' ? said.toYearly : said.toMonthly
      return (
        <Button variant="default" onClick={() => onChoose(interval)}>
          {label}
        </Button>
      )
    }
    const label = isGoingOn(state) ? said.changeTo : isCurrent ? said.keep : said.choose
    return (
      <Button variant={isGoingOn(state) ? 'default' : 'filled'} onClick={() => onChoose(interval)}>
        {label(plan.display_name)}
      </Button>
    )
  }
}

function perOf(isPerSeat: boolean, interval: Interval) {
  if (interval === 'month') return isPerSeat ? 'perSeatAndMonth' : 'perMonth'
  return isPerSeat ? 'perSeatAndYear' : 'perYear'
}

/** Whether there is a subscription that can be changed, or could be if something was settled first. */
export function isGoingOn({ subscription, actions }: BillingState): boolean {
  const { status, interval } = subscription
  return !actions.checkout && actions.portal && interval !== null && status !== 'complimentary'
}

/** What has to be settled before a subscription can be changed, or null. */
function whyNot({ subscription }: BillingState): string | null {
  const { status, ends_at, interval } = subscription
  if (status === 'past_due' || status === 'unpaid' || status === 'paused') return status
  return ends_at && interval !== null && (status === 'active' || status === 'trialing') ? 'ending' : null
}
