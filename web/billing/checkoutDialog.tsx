import { type components, FrontgateProblem, unwrap } from '@frontgate/client'
import { formatDate, type Interval, useServiceTime } from '@frontgate/client/react'
import { Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useCallback, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { client } from '../client.ts'
import { Form, Submit } from '../forms/form.tsx'
import { useWords } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { IntervalField } from './intervalField.tsx'
import { isAbout } from './isAbout.ts'
import { sayPrice } from './sayPrice.ts'
import { SeatsField } from './seatsField.tsx'
import { useWayBack } from './useWayBack.ts'

interface CheckoutDialogProps {
  state: components['schemas']['BillingState']
  plan: components['schemas']['Plan']
  interval: Interval
  onClose: () => void
}

/** Two days and a bit: Stripe carries over no trial that is shorter. */
const LEAST_TRIAL_MS = 48 * 3_600_000 + 120_000

/** What is about to be bought, at a glance, before the buyer is sent to Stripe. */
export function CheckoutDialog({ state, plan, interval: first, onClose }: CheckoutDialogProps) {
  const { words, locale } = useWords()
  const at = useServiceTime()()
  // What is bought unless more are asked for. It is not sent: what is asked for is paid for, however many leave.
  const least = Math.max(1, state.subscription.seats.used)
  const isSold = (interval: Interval) => plan[interval] !== null
  const [interval, setInterval] = useState(isSold(first) ? first : first === 'month' ? 'year' : 'month')
  const [seats, setSeats] = useState<number | null>(null)
  const [hasCode, setHasCode] = useState(false)
  const [codeFault, setCodeFault] = useState<string | null>(null)
  const [seatsFault, setSeatsFault] = useState<string | null>(null)
  const codeField = useRef<HTMLInputElement>(null)
  const [isLeaving, setLeaving] = useState(false)
  useWayBack(useCallback(() => setLeaving(false), []))
  const said = words.billing.checkout
  const price = sayPrice(plan, { interval, seats: plan.per_seat ? (seats ?? least) : null }, words, locale)
  const { status, trial_ends_at } = state.subscription
  const carried =
    status === 'trialing' && trial_ends_at && Date.parse(trial_ends_at) - at.getTime() >= LEAST_TRIAL_MS

  function askForCode(): void {
    flushSync(() => setHasCode(true))
    codeField.current?.focus()
  }

  function showFault(fault: string): void {
    flushSync(() => setCodeFault(fault))
    codeField.current?.focus()
  }

  async function pay(code: string | undefined): Promise<void> {
    const body = {
      plan: plan.plan,
      interval,
      ...(seats !== null && { seats }),
      ...(code && { promotion_code: code.trim() }),
    }
    setLeaving(true)
    try {
      const { url } = unwrap(await client.api.POST('/v1/billing/checkout-session', { body }))
      location.assign(url)
    } catch (thrown) {
      const problem = thrown instanceof FrontgateProblem ? thrown : null
      // Somebody else of the account was faster.
      if (problem?.code === 'already-subscribed') return location.assign(String(problem.members.portal))
      setLeaving(false)
      if (isAbout(thrown, '#/promotion_code')) return showFault(said.badPromotion)
      if (isAbout(thrown, '#/seats')) return setSeatsFault(words.billing.change.tooFewSeats)
      throw thrown
    }
  }

  function close(): void {
    if (!isLeaving) onClose()
  }

  return (
    <Dialog opened onClose={close} title={said.title(plan.display_name)}>
      <Form onSubmit={({ promotion_code }) => pay(promotion_code)}>
        {isSold('month') && isSold('year') && <IntervalField value={interval} onChange={setInterval} />}
        {plan.per_seat && (
          <SeatsField
            least={least}
            usual={least}
            asked={seats}
            fault={seatsFault}
            onAsk={(asked) => {
              setSeatsFault(null)
              setSeats(asked)
            }}
          />
        )}
        <Group justify="space-between" align="baseline" fw={600} aria-live="polite">
          <span>{said.total}</span>
          <Text span fz="lg" fw={600} data-figures>
            {price}
          </Text>
        </Group>
        <Text>{carried ? said.withTrial(formatDate(trial_ends_at, at, locale)) : said.today}</Text>
        {hasCode ? (
          <TextInput
            ref={codeField}
            name="promotion_code"
            label={said.promotion}
            autoComplete="off"
            maxLength={100}
            error={codeFault}
            onChange={() => setCodeFault(null)}
          />
        ) : (
          <Anchor component="button" type="button" ta="left" onClick={askForCode}>
            {said.havePromotion}
          </Anchor>
        )}
        <Stack gap="xs">
          <Submit data-autofocus {...(isLeaving && { loading: true })}>
            {said.submit}
          </Submit>
          <Button variant="subtle" color="gray" fullWidth disabled={isLeaving} onClick={close}>
            {words.shared.cancel}
          </Button>
        </Stack>
        <Text c="dimmed" fz="sm">
          {said.atStripe}
        </Text>
      </Form>
    </Dialog>
  )
}
