import fc from 'fast-check'
import type Stripe from 'stripe'
import type { Payer, Stage } from './stage.ts'

/** One thing that happens to a customer at Stripe. What is not possible at the moment does not happen. */
export type Step =
  | { does: 'subscribe'; price: number; card: 'pm_card_visa' | 'pm_card_chargeCustomerFail'; trial: boolean }
  | { does: 'change'; price: number; quantity: number }
  | { does: 'schedule'; price: number }
  | { does: 'cancel'; when: 'now' | 'period-end' | 'in-the-portal' }
  | { does: 'resume' | 'pay' | 'void' | 'delete-customer' | 'touch' }
  | { does: 'card'; card: 'pm_card_visa' | 'pm_card_chargeCustomerFail' }
  | { does: 'wait'; days: number }
  /** The buyer comes back to us, and we look before any event tells us to. */
  | { does: 'come-back'; lateMs: number }

const card = fc.constantFrom('pm_card_visa' as const, 'pm_card_chargeCustomerFail' as const)
const price = fc.nat(4)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ does: fc.constant('subscribe' as const), price, card, trial: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('change' as const),
      price,
      quantity: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('schedule' as const), price }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('cancel' as const),
      when: fc.constantFrom('now' as const, 'period-end' as const, 'in-the-portal' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('resume' as const, 'pay' as const, 'void' as const, 'touch' as const)
      .map((does) => ({ does })),
  },
  { weight: 1, arbitrary: fc.constant({ does: 'delete-customer' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('come-back' as const),
      lateMs: fc.integer({ min: 0, max: 4_500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('card' as const), card }) },
  {
    weight: 5,
    arbitrary: fc.record({ does: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 45 }) }),
  },
)

/** What may become of one customer, from the first purchase on. */
export const someHistory: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 4, maxLength: 12 })

/** Lets one step happen at Stripe, as somebody with the SDK would. */
export async function happen(stage: Stage, { customer }: Payer, one: Step, prices: string[]): Promise<void> {
  const { sdk, stripe } = stage.standIn
  const held = stripe.store.listOf('subscription', customer)
  const live = held.findLast(({ ended_at }) => ended_at === null)
  try {
    await perform()
  } catch (error) {
    // Stripe refuses what does not go together, as paying what is paid; a card that is declined is one of the things that happen.
    if (!isRefusal(error)) throw error
  }

  async function perform(): Promise<unknown> {
    switch (one.does) {
      case 'subscribe': {
        await swapCard(one.card)
        const trial = one.trial ? { trial_period_days: 7 } : {}
        return sdk.subscriptions.create({ customer, items: [{ price: priceAt(one.price) }], ...trial })
      }
      case 'wait': {
        const known = await sdk.customers.retrieve(customer)
        const clock = known.deleted ? null : (known as Stripe.Customer).test_clock
        if (!clock) return undefined
        const { frozen_time, id } = await sdk.testHelpers.testClocks.retrieve(
          typeof clock === 'string' ? clock : clock.id,
        )
        return sdk.testHelpers.testClocks.advance(id, { frozen_time: frozen_time + one.days * 86_400 })
      }
      case 'come-back':
        // Longer than looks are apart: what is answered is older than what the next look finds.
        stripe.faults.add({
          method: 'GET',
          path: '/v1/subscriptions',
          kind: 'late',
          times: 1,
          delay_ms: one.lateMs,
        })
        return stage.look(customer)
      case 'card':
        return swapCard(one.card)
      case 'delete-customer':
        return sdk.customers.del(customer)
      default:
        return live
          ? withSubscription(
              live.id,
              live.items.data[0]?.id ?? '',
              live.items.data[0]?.current_period_end ?? 0,
            )
          : undefined
    }
  }

  async function withSubscription(id: string, item: string, periodEnd: number): Promise<unknown> {
    const invoice = () => String(stripe.store.get('subscription', id)?.latest_invoice)
    const oldestOwed = () => {
      const open = stripe.store.listOf('invoice', customer).filter(({ status }) => status === 'open')
      return open.find(({ parent }) => parent?.subscription_details?.subscription === id)?.id ?? invoice()
    }
    switch (one.does) {
      case 'change':
        return sdk.subscriptions.update(id, {
          items: [{ id: item, price: priceAt(one.price), quantity: one.quantity }],
        })
      case 'schedule': {
        const schedule = await sdk.subscriptionSchedules.create({ from_subscription: id })
        const [phase] = schedule.phases
        const now = {
          items: [{ price: String(phase?.items[0]?.price), quantity: 1 }],
          start_date: phase?.start_date ?? 0,
          end_date: phase?.end_date ?? 0,
        }
        const next = {
          items: [{ price: priceAt(one.price), quantity: 1 }],
          duration: { interval: 'month' as const, interval_count: 1 },
        }
        return sdk.subscriptionSchedules.update(schedule.id, { end_behavior: 'release', phases: [now, next] })
      }
      case 'cancel':
        if (one.when === 'now') return sdk.subscriptions.cancel(id)
        return sdk.subscriptions.update(
          id,
          one.when === 'period-end' ? { cancel_at_period_end: true } : { cancel_at: periodEnd },
        )
      case 'resume':
        return sdk.subscriptions.update(id, { cancel_at_period_end: false })
      case 'pay':
        await swapCard('pm_card_visa')
        return sdk.invoices.pay(invoice())
      case 'void':
        return sdk.invoices.voidInvoice(oldestOwed())
      case 'touch':
        return sdk.subscriptions.update(id, { metadata: { touched: String(Math.random()) } })
      default:
        return undefined
    }
  }

  async function swapCard(token: string): Promise<void> {
    const method = await sdk.paymentMethods.attach(token, { customer })
    await sdk.customers.update(customer, { invoice_settings: { default_payment_method: method.id } })
  }

  function priceAt(index: number): string {
    return prices[index % prices.length] ?? ''
  }
}

function isRefusal(error: unknown): boolean {
  const { type } = error as { type?: string }
  return type === 'StripeInvalidRequestError' || type === 'StripeCardError'
}
