import { type components, FrontgateProblem, unwrap } from '@frontgate/client'
import {
  chooseLanguage,
  formatDate,
  formatLimit,
  formatMoney,
  type Interval,
  nameInWords,
  useServiceTime,
} from '@frontgate/client/react'
import { Alert, Anchor, Button, Collapse, Divider, Group, List, Skeleton, Stack, Text } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { IntervalField } from './intervalField.tsx'
import { isAbout } from './isAbout.ts'
import { excessOver, lostFeatures, lowerLimits } from './limits.ts'
import { sayPrice } from './sayPrice.ts'
import { SeatsField } from './seatsField.tsx'
import { useBillingChange } from './useBillingChange.ts'
import { useEntitlements } from './useEntitlements.ts'
import { useNameLimit } from './useNameLimit.ts'

type BillingState = components['schemas']['BillingState']
type Plan = components['schemas']['Plan']

/** What a subscription is to become. */
export interface Wanted {
  plan: Plan
  interval: Interval
}

/** The same with as many seats as are shown; null where they are not counted. */
interface Target extends Wanted {
  seats: number | null
}

interface ChangeDialogProps {
  state: BillingState
  plans: Plan[]
  wanted: Wanted
  onClose: () => void
}

/** A change is made at what was reckoned within the last fifteen minutes. */
const PREVIEW_SHOWN_MS = 10 * 60_000

/** Shows what a change costs and from when it counts, as Stripe reckons it, before it is made. */
export function ChangeDialog({ state, plans, wanted, onClose }: ChangeDialogProps) {
  const { words, locale } = useWords()
  const { plan } = wanted
  const { interval: current, seats: held } = state.subscription
  const [interval, setInterval] = useState(wanted.interval)
  // What it is without being asked for. It is not sent: what is asked for is paid for, however many leave.
  const usual = Math.max(1, held.used, (plan.plan === state.plan && held.purchased) || 0)
  const [seats, setSeats] = useState<number | null>(null)
  const [asked] = useDebouncedValue(seats, 400)
  const order = { plan: plan.plan, interval, ...(asked !== null && { seats: asked }) }
  const preview = useQuery({
    queryKey: ['preview', order],
    queryFn: async () => unwrap(await client.api.POST('/v1/billing/subscription/preview', { body: order })),
    // A preview is good for minutes, and for what Stripe knew then.
    gcTime: 0,
    staleTime: 0,
    retry: false,
    refetchInterval: PREVIEW_SHOWN_MS,
    refetchIntervalInBackground: true,
    refetchOnWindowFocus: false,
  })
  const change = useBillingChange(async () => {
    const { proration_date } = preview.data ?? {}
    const body = { ...order, ...(proration_date && { proration_date }) }
    return unwrap(await client.api.POST('/v1/billing/subscription/change', { body }))
  })
  const said = words.billing.change
  const isOnlySeats = plan.per_seat && plan.plan === state.plan && wanted.interval === current
  const target = { plan, interval, seats: plan.per_seat ? (seats ?? usual) : null }
  const isReckoned = preview.data && !preview.error && !preview.isFetching && asked === seats
  const nothing = preview.data?.takes_effect === 'never' && state.subscription.scheduled_change === null

  return (
    <Dialog opened onClose={onClose} size="lg" title={isOnlySeats ? said.titleSeats : said.title}>
      <Stack>
        <FromTo state={state} to={target} />
        {plan.month !== null && plan.year !== null && (
          <IntervalField value={interval} onChange={setInterval} />
        )}
        {plan.per_seat && <SeatsField least={held.used} usual={usual} asked={seats} onAsk={setSeats} />}
        <Divider />
        <div aria-live="polite">
          {preview.error && asked === seats ? (
            <Refusal error={preview.error} />
          ) : isReckoned ? (
            <Reckoning preview={preview.data} to={target} />
          ) : (
            <Stack gap="xs">
              <Text c="dimmed">{said.reckoning}</Text>
              <Skeleton h={72} />
            </Stack>
          )}
        </div>
        {plan.plan !== state.plan && <Losses state={state} plans={plans} to={plan} />}
        {change.error && <Refusal error={change.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {words.shared.cancel}
          </Button>
          <Button
            disabled={!isReckoned || nothing}
            loading={change.isPending}
            onClick={() => change.mutate(undefined, { onSuccess: onClose, onError: reckonAnew })}
          >
            {sayConfirm()}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )

  /** A page that slept, or a clock that was moved: what is shown is too old by now. */
  function reckonAnew(error: unknown): void {
    if (isAbout(error, '#/proration_date')) void preview.refetch()
  }

  function sayConfirm(): string {
    if (!isReckoned || nothing) return said.confirm
    const { takes_effect, amount_due, currency } = preview.data
    if (takes_effect === 'never') return said.confirmDrop(plan.display_name)
    return takes_effect === 'now' && amount_due > 0
      ? said.confirmNow(formatMoney(amount_due, currency, locale))
      : said.confirm
  }
}

function FromTo({ state, to }: { state: BillingState; to: Target }) {
  const { words, locale } = useWords()
  const { plan_billing: now, subscription } = state
  const held = { interval: subscription.interval, seats: subscription.seats.purchased }
  const rows = [
    [words.billing.change.from, now.display_name, sayPrice(now, held, words, locale)],
    [words.billing.change.to, to.plan.display_name, sayPrice(to.plan, to, words, locale)],
  ]
  return (
    <Stack gap={4}>
      {rows.map(([label, name, price]) => (
        <Group key={label} gap="sm" wrap="nowrap" align="baseline">
          <Text c="dimmed" w={64} fz="sm">
            {label}
          </Text>
          <Text flex={1}>
            <b>{name}</b>
            {price && `, ${price}`}
          </Text>
        </Group>
      ))}
    </Stack>
  )
}

function Reckoning({ preview, to }: { preview: components['schemas']['ChangePreview']; to: Target }) {
  const { words, locale } = useWords()
  const at = useServiceTime()()
  const [isOpen, { toggle }] = useDisclosure()
  const said = words.billing.change
  const { takes_effect, amount_due, currency, lines } = preview
  const price = sayPrice(to.plan, to, words, locale)
  const write = (amount: number) => formatMoney(amount, currency, locale)
  if (takes_effect === 'never') return <Text>{said.drop}</Text>
  if (takes_effect === 'at-period-end') {
    return (
      <Text>
        {said.atPeriodEnd(formatDate(preview.at, at, locale))} {price && said.thenFrom(price)}
      </Text>
    )
  }
  return (
    <Stack gap="xs">
      <Text>
        {said.now(to.plan.display_name)} {price && said.thenEvery(price)}
      </Text>
      <Group justify="space-between" fz="lg" fw={600}>
        <span>{amount_due < 0 ? said.credited : said.dueNow}</span>
        <span data-figures>{write(Math.abs(amount_due))}</span>
      </Group>
      {lines.length > 0 && (
        <>
          <Anchor component="button" type="button" ta="left" fz="sm" aria-expanded={isOpen} onClick={toggle}>
            {said.details}
          </Anchor>
          <Collapse expanded={isOpen}>
            <Stack gap={4} fz="sm">
              {lines.map(({ description, amount }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the lines of an invoice stay where they are
                <Group key={index} justify="space-between" wrap="nowrap" align="flex-start">
                  <span>{description}</span>
                  <span data-figures>{write(amount)}</span>
                </Group>
              ))}
            </Stack>
          </Collapse>
        </>
      )}
    </Stack>
  )
}

/** What a smaller plan has not, and what of it is exceeded already. */
function Losses({ state, plans, to }: { state: BillingState; plans: Plan[]; to: Plan }) {
  const { words, locale } = useWords()
  const { data } = useEntitlements()
  const nameLimit = useNameLimit()
  const said = words.billing.change
  const held = plans.find(({ plan }) => plan === state.plan)
  const language = chooseLanguage([locale])
  const less = lowerLimits(held?.limits ?? state.plan_limits, to).map((name) => {
    const [then, now] = [to.limits[name] ?? null, state.plan_limits[name] ?? null]
    return words.billing.cancel.less(nameLimit(name), formatLimit(then, language), formatLimit(now, language))
  })
  const lost = [...lostFeatures(held?.features ?? state.features, to).map(nameInWords), ...less]
  const over = data ? excessOver(to, data.limits) : []
  const write = (amount: number) => new Intl.NumberFormat(locale).format(amount)
  return (
    <>
      {lost.length > 0 && (
        <div>
          <Text fw={600}>{said.loses}</Text>
          <List>
            {lost.map((each) => (
              <List.Item key={each}>{each}</List.Item>
            ))}
          </List>
        </div>
      )}
      {over.length > 0 && (
        <Alert color="orange" title={said.over(to.display_name)}>
          <List>
            {over.map(({ name, used, limit }) => (
              <List.Item key={name}>{said.overLine(nameLimit(name), write(used), write(limit))}</List.Item>
            ))}
          </List>
          <Text mt="xs">{said.overLead}</Text>
        </Alert>
      )}
    </>
  )
}

function Refusal({ error }: { error: unknown }) {
  const { words } = useWords()
  const say = useSayProblem()
  const said = words.billing.change
  const problem = error instanceof FrontgateProblem ? error : null
  const code = problem?.code
  const isOld = isAbout(error, '#/proration_date')
  const portal = typeof problem?.members.portal === 'string' ? problem.members.portal : null
  const text =
    code === 'payment-failed'
      ? said.declined
      : isAbout(error, '#/seats')
        ? said.tooFewSeats
        : isOld
          ? said.reckonedAnew
          : code === 'subscription-not-changeable'
            ? words.billing.settleFirst[settleOf[String(problem?.members.reason)] ?? 'ending']
            : say(error)
  return (
    <Alert color={isOld ? 'orange' : 'red'} role="alert">
      <Stack align="flex-start" gap="sm">
        {text}
        {portal && (
          <Button component="a" href={portal} variant="default" size="xs">
            {said.otherCard}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

const settleOf: Record<string, string> = { 'payment-due': 'past_due', paused: 'paused', ending: 'ending' }
