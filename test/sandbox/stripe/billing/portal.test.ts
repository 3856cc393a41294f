import { describe, expect, test } from 'vitest'
import {
  cancelInPortal,
  changePlanInPortal,
  payInvoiceInPortal,
  resumeInPortal,
  updatePaymentMethodInPortal,
} from '../../../../sandbox/stripe/billing/portalActions.ts'
import type { World } from '../../../../sandbox/stripe/world.ts'
import { type Billing, HOUR, itemOf, startBilling } from './startBilling.ts'

const act = <T>({ stripe }: Billing, action: (world: World) => T): T =>
  stripe.store.change(() => action(stripe.at()))

describe('a portal session', () => {
  test('is a page for one customer, with the default configuration', async () => {
    const billing = await startBilling()
    const { sdk, customer } = billing
    const session = await sdk.billingPortal.sessions.create({ customer, return_url: 'https://example.com/' })
    expect(session).toMatchObject({ customer, flow: null, return_url: 'https://example.com/' })
    expect(session.url).toBe(`http://localhost:4100/stripe/portal/${session.id}`)
    const { data } = await sdk.billingPortal.configurations.list({ is_default: true })
    expect(data.map(({ id }) => id)).toEqual([session.configuration])
  })

  test('can be about one thing', async () => {
    const billing = await startBilling()
    const { sdk, customer } = billing
    const { id } = await billing.subscribe()
    const { flow } = await sdk.billingPortal.sessions.create({
      customer,
      flow_data: { type: 'subscription_cancel', subscription_cancel: { subscription: id } },
    })
    expect(flow).toMatchObject({ type: 'subscription_cancel', subscription_cancel: { subscription: id } })
    await expect(
      sdk.billingPortal.sessions.create({
        customer,
        flow_data: { type: 'subscription_update', subscription_update: { subscription: 'sub_none' } },
      }),
    ).rejects.toMatchObject({ statusCode: 400, code: 'resource_missing' })
  })

  test('can have a configuration of its own', async () => {
    const { sdk, customer } = await startBilling()
    const made = await sdk.billingPortal.configurations.create({
      features: { invoice_history: { enabled: false } },
      name: 'small',
    })
    expect(made).toMatchObject({ name: 'small', features: { invoice_history: { enabled: false } } })
    const changed = await sdk.billingPortal.configurations.update(made.id, {
      default_return_url: 'https://example.com/back',
    })
    expect(changed.default_return_url).toBe('https://example.com/back')
    const session = await sdk.billingPortal.sessions.create({ customer, configuration: made.id })
    expect(session).toMatchObject({ configuration: made.id, return_url: 'https://example.com/back' })
  })
})

describe('in the portal', () => {
  test('canceling sets cancel_at and nothing else, and can be taken back', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    act(billing, (world) => cancelInPortal(world, made.id, { feedback: 'too_expensive' }))
    expect(await billing.sdk.subscriptions.retrieve(made.id)).toMatchObject({
      status: 'active',
      cancel_at: itemOf(made).current_period_end,
      cancel_at_period_end: false,
      canceled_at: billing.now(),
      cancellation_details: { reason: 'cancellation_requested', feedback: 'too_expensive' },
    })
    act(billing, (world) => resumeInPortal(world, made.id))
    expect(await billing.sdk.subscriptions.retrieve(made.id)).toMatchObject({
      cancel_at: null,
      canceled_at: null,
    })
  })

  test('canceling ends the subscription with its period', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    act(billing, (world) => cancelInPortal(world, made.id))
    billing.advanceTo(itemOf(made).current_period_end + HOUR)
    expect((await billing.sdk.subscriptions.retrieve(made.id)).status).toBe('canceled')
    expect((await billing.sdk.invoices.list({ subscription: made.id })).data).toHaveLength(1)
  })

  test('changing the plan is charged at once', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    act(billing, (world) => changePlanInPortal(world, made.id, { price: billing.prices.team, quantity: 4 }))
    const [invoice] = (await billing.sdk.invoices.list({ subscription: made.id })).data
    expect(invoice).toMatchObject({ status: 'paid', total: 4 * 1900 - 2900 })
  })

  test('a new card is charged from then on', async () => {
    const billing = await startBilling({ card: 'pm_card_chargeCustomerFail' })
    const made = await billing.subscribe({ trial_period_days: 14 })
    billing.advanceTo((made.trial_end ?? 0) + HOUR)
    expect(() =>
      act(billing, (world) => updatePaymentMethodInPortal(world, billing.customer, '4000000000000002')),
    ).toThrow('Your card was declined.')
    act(billing, (world) => updatePaymentMethodInPortal(world, billing.customer, '4242'))
    expect((await billing.sdk.subscriptions.retrieve(made.id)).status).toBe('past_due')
    const [invoice] = (await billing.sdk.invoices.list({ status: 'open' })).data
    act(billing, (world) => payInvoiceInPortal(world, invoice?.id ?? ''))
    expect((await billing.sdk.subscriptions.retrieve(made.id)).status).toBe('active')
  })

  test('an invoice that waits for the buyer is paid by proving who that is', async () => {
    const billing = await startBilling({ card: 'pm_card_threeDSecure2Required' })
    const made = await billing.subscribe()
    const invoice = made.latest_invoice as string
    expect(() => act(billing, (world) => payInvoiceInPortal(world, invoice))).toThrow(/user action/)
    act(billing, (world) => payInvoiceInPortal(world, invoice, { authenticate: true }))
    expect((await billing.sdk.subscriptions.retrieve(made.id)).status).toBe('active')
  })
})
