import { createDispute } from '../../../../sandbox/stripe/resources/createDispute.ts'
import { DAY, HOUR, type Tourist } from './tour.ts'
import { buyer, type Prices } from './tourCatalogue.ts'

/** Trials that end without a card: paused and resumed, canceled, or asked to pay. */
export async function endTrials(tourist: Tourist, { month }: Prices): Promise<void> {
  const { sdk, pass } = tourist
  const trial = async (missing_payment_method: 'pause' | 'cancel' | 'create_invoice') => {
    const customer = await buyer(tourist, null)
    const { id } = await sdk.subscriptions.create({
      customer,
      items: [{ price: month }],
      trial_period_days: 5,
      trial_settings: { end_behavior: { missing_payment_method } },
    })
    return { id, customer }
  }
  const paused = await trial('pause')
  await trial('cancel')
  await trial('create_invoice')
  pass(5 * DAY + 2 * HOUR)
  const method = await sdk.paymentMethods.attach('pm_card_visa', { customer: paused.customer })
  await sdk.subscriptions.update(paused.id, { default_payment_method: method.id })
  await sdk.subscriptions.resume(paused.id)
}

/** First payments and renewals that fail, until somebody gives up or pays after all. */
export async function failToPay(tourist: Tourist, { month }: Prices): Promise<void> {
  const { sdk, pass } = tourist
  const subscribe = async (card: string, trial_period_days?: number) => {
    const customer = await buyer(tourist, card)
    const { id } = await sdk.subscriptions.create({
      customer,
      items: [{ price: month }],
      ...(trial_period_days && { trial_period_days }),
    })
    return { id, customer }
  }
  const asked = await subscribe('pm_card_threeDSecure2Required')
  const { data } = await sdk.invoices.list({ subscription: asked.id, expand: ['data.payments'] })
  await sdk.invoices.retrieve(data[0]?.id ?? '', { expand: ['payments', 'confirmation_secret'] })
  await subscribe('pm_card_chargeCustomerFail')
  const late = await subscribe('pm_card_chargeCustomerFail', 1)
  await subscribe('pm_card_chargeCustomerFail', 1)
  pass(2 * DAY)
  const method = await sdk.paymentMethods.attach('pm_card_mastercard', { customer: late.customer })
  const open = await sdk.invoices.list({ subscription: late.id, status: 'open' })
  await sdk.invoices.pay(open.data[0]?.id ?? '', { payment_method: method.id })
  pass(30 * DAY)
}

/** Invoices that somebody writes: in draft, open, paid, void and uncollectible. */
export async function billByHand(tourist: Tourist): Promise<void> {
  const { sdk, now, pass } = tourist
  const customer = await buyer(tourist)
  const write = async (isFinal = true) => {
    await sdk.invoiceItems.create({ customer, amount: 1234, currency: 'usd', description: 'Advice' })
    const { id } = await sdk.invoices.create({
      customer,
      collection_method: 'send_invoice',
      days_until_due: 7,
      description: 'By hand',
      pending_invoice_items_behavior: 'include',
    })
    if (isFinal) await sdk.invoices.finalizeInvoice(id)
    return id
  }
  await write(false)
  await sdk.invoices.sendInvoice(await write())
  await sdk.invoices.pay(await write())
  await sdk.invoices.pay(await write(), { paid_out_of_band: true })
  await sdk.invoices.voidInvoice(await write())
  await sdk.invoices.markUncollectible(await write())
  await sdk.invoices.listLineItems(await write())
  pass(8 * DAY)
  const { id } = await sdk.invoiceItems.create({ customer, amount: -100, currency: 'usd' })
  await sdk.invoiceItems.del(id)
  const period = { start: now(), end: now() + DAY }
  await sdk.invoiceItems.create({ customer, amount: 100, currency: 'usd', period })
}

/** Money that goes back: a part of it, all of it, and by the bank. */
export async function takeBack(tourist: Tourist, { month }: Prices): Promise<void> {
  const { sdk, stripe } = tourist
  const pay = async () => {
    const customer = await buyer(tourist)
    await sdk.subscriptions.create({ customer, items: [{ price: month }] })
    const { data } = await sdk.charges.list({ customer })
    return data[0]?.id ?? ''
  }
  const charge = await pay()
  await sdk.refunds.create({ charge, amount: 100, reason: 'requested_by_customer', metadata: { by: 'hand' } })
  await sdk.refunds.create({ charge })
  const disputed = await pay()
  const { id } = stripe.store.change(() => createDispute(stripe.at(), disputed))
  await sdk.disputes.close(id)
  const left = await pay()
  stripe.store.change(() => createDispute(stripe.at(), left))
}

/** Subscriptions that end: with the period, at once, and not after all. */
export async function cancel(tourist: Tourist, { month }: Prices): Promise<void> {
  const { sdk, pass } = tourist
  const subscribe = async () =>
    (await sdk.subscriptions.create({ customer: await buyer(tourist), items: [{ price: month }] })).id
  await sdk.subscriptions.update(await subscribe(), { cancel_at_period_end: true })
  pass(32 * DAY)
  const kept = await subscribe()
  await sdk.subscriptions.update(kept, { cancel_at_period_end: true })
  await sdk.subscriptions.update(kept, { cancel_at_period_end: false })
  await sdk.subscriptions.update(await subscribe(), { cancel_at: 'min_period_end' })
  const left = await subscribe()
  pass(DAY)
  await sdk.subscriptions.cancel(left, {
    prorate: true,
    invoice_now: true,
    cancellation_details: { feedback: 'unused', comment: 'Bye' },
  })
}

/** A customer who lives by a clock of its own, and one whose clock is gone. */
export async function liveByClock(tourist: Tourist, { month }: Prices): Promise<void> {
  const { sdk, now } = tourist
  const clock = await sdk.testHelpers.testClocks.create({ frozen_time: now(), name: 'ahead' })
  const customer = await buyer(tourist, 'pm_card_visa', { test_clock: clock.id })
  await sdk.subscriptions.create({ customer, items: [{ price: month }] })
  await sdk.testHelpers.testClocks.advance(clock.id, { frozen_time: now() + 32 * DAY })
  const gone = await sdk.testHelpers.testClocks.create({ frozen_time: now() })
  await buyer(tourist, 'pm_card_visa', { test_clock: gone.id })
  await sdk.testHelpers.testClocks.del(gone.id)
}
