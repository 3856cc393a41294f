import fc from 'fast-check'
import { expect, test } from 'vitest'
import { payCheckoutSession } from '../../../../sandbox/stripe/billing/payCheckoutSession.ts'
import {
  cancelInPortal,
  resumeInPortal,
  updatePaymentMethodInPortal,
} from '../../../../sandbox/stripe/billing/portalActions.ts'
import { StripeRefusal } from '../../../../sandbox/stripe/refusal.ts'
import type { World } from '../../../../sandbox/stripe/world.ts'
import { type Billing, DAY, itemOf, startBilling } from './startBilling.ts'

const PLANS = ['pro', 'proYearly', 'team', 'teamYearly'] as const
const plan = fc.constantFrom(...PLANS)
const card = fc.constantFrom('4242', '0341', '3184', '0002')
const behaviour = fc.constantFrom('none', 'create_prorations', 'always_invoice')
const payment = fc.constantFrom('allow_incomplete', 'error_if_incomplete', 'pending_if_incomplete')

type Step = (billing: Billing) => unknown
const step = <T>(values: fc.Arbitrary<T>, run: (billing: Billing, value: T) => unknown): fc.Arbitrary<Step> =>
  values.map((value) => (billing) => run(billing, value))

const lastOf = async ({ sdk }: Billing) => (await sdk.subscriptions.list({ limit: 1 })).data[0]
const act = ({ stripe }: Billing, action: (world: World) => unknown) =>
  stripe.store.change(() => action(stripe.at()))

/** What a customer, an operator and time may do, in any order. */
const steps = fc.oneof(
  step(fc.integer({ min: 60, max: 40 * DAY }), (billing, seconds) =>
    billing.advanceTo(billing.now() + seconds),
  ),
  step(fc.record({ plan, card, days: fc.constantFrom(0, 3, 14), authenticate: fc.boolean() }), buy),
  step(fc.record({ plan, quantity: fc.integer({ min: 1, max: 9 }), behaviour, payment }), changePlan),
  step(fc.boolean(), async (billing, cancel_at_period_end) => {
    const last = await lastOf(billing)
    if (last) await billing.sdk.subscriptions.update(last.id, { cancel_at_period_end })
  }),
  step(fc.constantFrom(cancelInPortal, resumeInPortal), async (billing, action) => {
    const last = await lastOf(billing)
    if (last) act(billing, (world) => action(world, last.id))
  }),
  step(plan, schedule),
  step(card, (billing, number) =>
    act(billing, (world) => updatePaymentMethodInPortal(world, billing.customer, number)),
  ),
  step(fc.constantFrom('pay', 'voidInvoice', 'markUncollectible'), async ({ sdk }, action) => {
    const [open] = (await sdk.invoices.list({ status: 'open' })).data
    if (open) await sdk.invoices[action](open.id)
  }),
)

async function buy(
  { sdk, stripe, customer, prices }: Billing,
  wanted: { plan: (typeof PLANS)[number]; card: string; days: number; authenticate: boolean },
) {
  const { id } = await sdk.checkout.sessions.create({
    mode: 'subscription',
    customer,
    line_items: [{ price: prices[wanted.plan], quantity: 2 }],
    success_url: 'https://example.com/',
    ...(wanted.days > 0 && { subscription_data: { trial_period_days: wanted.days } }),
  })
  stripe.store.change(() => payCheckoutSession(stripe.at(), id, wanted))
}

async function changePlan(
  billing: Billing,
  wanted: { plan: (typeof PLANS)[number]; quantity: number; behaviour: string; payment: string },
) {
  const last = await lastOf(billing)
  if (!last) return
  await billing.sdk.subscriptions.update(last.id, {
    items: [{ id: itemOf(last).id, price: billing.prices[wanted.plan], quantity: wanted.quantity }],
    proration_behavior: wanted.behaviour,
    payment_behavior: wanted.payment,
  })
}

async function schedule(billing: Billing, next: (typeof PLANS)[number]) {
  const last = await lastOf(billing)
  if (!last || last.schedule) return
  const made = await billing.sdk.subscriptionSchedules.create({ from_subscription: last.id })
  const { price, quantity = 1, current_period_end } = itemOf(last)
  await billing.sdk.subscriptionSchedules.update(made.id, {
    phases: [
      {
        items: [{ price: price.id, quantity }],
        start_date: made.current_phase?.start_date ?? 0,
        end_date: current_period_end,
      },
      { items: [{ price: billing.prices[next] }], proration_behavior: 'none' },
    ],
  })
}

test('no history leaves anything undone that was due, or an amount that does not add up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (history) => {
      const billing = await startBilling({ at: '2027-12-31T22:00:00Z' })
      for (const run of history) {
        await (async () => run(billing))().catch(refusalsOnly)
        checkAll(billing)
      }
      await billing.close()
    }),
    { numRuns: 20 },
  )
})

/** What is refused is part of a history; anything else is a fault of the stand-in. */
function refusalsOnly(error: Error & { statusCode?: number }): void {
  if (error instanceof StripeRefusal || (error.statusCode ?? 500) < 500) return
  throw error
}

function checkAll({ stripe, now }: Billing): void {
  for (const { status, items, latest_invoice, ended_at } of stripe.store.list('subscription')) {
    expect(stripe.store.get('invoice', latest_invoice as string)).toBeDefined()
    expect(ended_at !== null).toBe(status === 'canceled')
    for (const { current_period_start: start, current_period_end: end } of items.data) {
      expect(start).toBeLessThan(end)
      if (['active', 'trialing', 'past_due'].includes(status)) expect(end).toBeGreaterThan(now())
    }
  }
  for (const { lines, subtotal, status, amount_due, amount_paid, amount_remaining } of stripe.store.list(
    'invoice',
  )) {
    expect(subtotal).toBe(lines.data.reduce((sum, { amount }) => sum + amount, 0))
    expect(amount_paid + amount_remaining).toBe(amount_due)
    if (status === 'paid') expect(amount_remaining).toBe(0)
  }
}

test('a period that was changed on the anchor’s very day still ends later when a cancellation moves its end', async () => {
  const billing = await startBilling({ at: '2027-12-31T22:00:00Z' })
  await buy(billing, { plan: 'pro', card: '4242', days: 0, authenticate: false })
  const monthly = itemOf((await lastOf(billing)) as never).current_period_end
  const to = (name: (typeof PLANS)[number]) =>
    changePlan(billing, { plan: name, quantity: 1, behaviour: 'none', payment: 'allow_incomplete' })
  await to('proYearly')
  const [{ id = '' } = {}] = billing.stripe.store.list('subscription')
  act(billing, (world) => cancelInPortal(world, id))
  billing.advanceTo(monthly)
  await to('pro')
  act(billing, (world) => resumeInPortal(world, id))
  checkAll(billing)
  act(billing, (world) => cancelInPortal(world, id))
  checkAll(billing)
  await billing.close()
})
