import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { DAY, HOUR, startBilling } from './startBilling.ts'

test('an invoice by hand carries the items that were made for it', async () => {
  const billing = await startBilling()
  const { sdk, customer } = billing
  const draft = await sdk.invoices.create({ customer, description: 'Training' })
  expect(draft).toMatchObject({ status: 'draft', total: 0, auto_advance: false, billing_reason: 'manual' })
  await sdk.invoiceItems.create({
    customer,
    invoice: draft.id,
    amount: 4000,
    currency: 'usd',
    description: 'One day',
  })
  const open = await sdk.invoices.finalizeInvoice(draft.id, { auto_advance: false })
  expect(open).toMatchObject({ status: 'open', total: 4000, amount_due: 4000, amount_remaining: 4000 })
  expect(open.hosted_invoice_url).toBe(`http://localhost:4100/stripe/invoice/${draft.id}`)
  expect((await sdk.invoices.listLineItems(draft.id)).data).toMatchObject([
    { amount: 4000, description: 'One day' },
  ])
  expect(await sdk.invoices.pay(draft.id)).toMatchObject({ status: 'paid', amount_paid: 4000 })
  await expect(sdk.invoices.pay(draft.id)).rejects.toMatchObject({ statusCode: 400 })
})

test('an invoice can take what is pending, and advance by itself', async () => {
  const billing = await startBilling()
  const { sdk, customer } = billing
  await sdk.invoiceItems.create({ customer, amount: 700, currency: 'usd' })
  const draft = await sdk.invoices.create({
    customer,
    auto_advance: true,
    pending_invoice_items_behavior: 'include',
  })
  expect(draft.total).toBe(700)
  billing.advanceTo(billing.now() + HOUR)
  expect(await sdk.invoices.retrieve(draft.id)).toMatchObject({ status: 'paid' })
})

test('a payment leads from the intent to the invoice and back', async () => {
  const billing = await startBilling()
  const { sdk } = billing
  const { latest_invoice } = await billing.subscribe()
  const { data: payments } = await sdk.invoicePayments.list({
    invoice: latest_invoice as string,
    expand: ['data.payment.payment_intent'],
  })
  const [payment] = payments
  const intent = payment?.payment.payment_intent
  if (typeof intent !== 'object' || !intent) throw new Error('The intent is not expanded')
  const { data } = await sdk.invoicePayments.list({
    payment: { type: 'payment_intent', payment_intent: intent.id },
  })
  expect(data.map(({ invoice }) => invoice)).toEqual([latest_invoice])
  expect(await sdk.charges.retrieve(intent.latest_charge as string)).toMatchObject({
    amount: 2900,
    payment_intent: intent.id,
    customer: billing.customer,
  })
})

test('the first payment can be left to the buyer, with the secret for it', async () => {
  const billing = await startBilling()
  const made = await billing.subscribe({
    payment_behavior: 'default_incomplete',
    expand: ['latest_invoice.confirmation_secret'],
  })
  expect(made.status).toBe('incomplete')
  expect(made.latest_invoice).toMatchObject({
    status: 'open',
    attempted: false,
    confirmation_secret: { type: 'payment_intent', client_secret: expect.stringMatching(/^pi_.*_secret_/) },
  })
})

describe('a first payment that is left to the buyer', () => {
  async function startIncomplete() {
    const billing = await startBilling({ card: null })
    const made = await billing.subscribe({
      payment_behavior: 'default_incomplete',
      payment_settings: { save_default_payment_method: 'on_subscription' },
      expand: ['latest_invoice.payments'],
    })
    const { payments } = made.latest_invoice as Stripe.Invoice
    const intent = payments?.data[0]?.payment.payment_intent as string
    const subscription = () => billing.sdk.subscriptions.retrieve(made.id)
    return { billing, intent, subscription }
  }

  test('is confirmed with a card, which is kept', async () => {
    const { billing, intent, subscription } = await startIncomplete()
    const { paymentIntents } = billing.sdk
    const confirmed = await paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' })
    expect(confirmed.status).toBe('succeeded')
    expect(await subscription()).toMatchObject({
      status: 'active',
      default_payment_method: confirmed.payment_method,
    })
    await expect(paymentIntents.confirm(intent)).rejects.toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
  })

  test('stays to be made when the card fails, or its bank asks', async () => {
    const { billing, intent, subscription } = await startIncomplete()
    const { paymentIntents } = billing.sdk
    await expect(paymentIntents.confirm(intent)).rejects.toMatchObject({ statusCode: 400 })
    const failing = paymentIntents.confirm(intent, { payment_method: 'pm_card_chargeCustomerFail' })
    await expect(failing).rejects.toMatchObject({ statusCode: 402, code: 'card_declined' })
    const asked = await paymentIntents.confirm(intent, { payment_method: 'pm_card_authenticationRequired' })
    expect(asked).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } })
    expect((await subscription()).status).toBe('incomplete')
  })
})

test('invoices are listed by status, subscription and time', async () => {
  const billing = await startBilling()
  const { sdk } = billing
  const start = billing.now()
  const { id } = await billing.subscribe()
  billing.advanceTo(start + 40 * DAY)
  const other = await billing.subscribe()
  const count = async (params: Parameters<typeof sdk.invoices.list>[0]) =>
    (await sdk.invoices.list(params)).data.length
  expect(await count({})).toBe(3)
  expect(await count({ subscription: id })).toBe(2)
  expect(await count({ subscription: other.id, status: 'paid' })).toBe(1)
  expect(await count({ status: 'draft' })).toBe(0)
  expect(await count({ created: { gt: start } })).toBe(2)
})

test('what is changed by hand is kept', async () => {
  const billing = await startBilling()
  const { sdk } = billing
  const { latest_invoice } = await billing.subscribe()
  billing.newEvents()
  const changed = await sdk.invoices.update(latest_invoice as string, { metadata: { seen: 'yes' } })
  expect(changed.metadata).toEqual({ seen: 'yes' })
  expect(billing.newEvents()).toEqual(['invoice.updated'])
})

/** The draft of a renewal, half an hour before it would be finalized by itself. */
async function startRenewal(card = 'pm_card_visa') {
  const billing = await startBilling({ card })
  const { id, trial_end } = await billing.subscribe({ trial_period_days: 1 })
  billing.advanceTo((trial_end ?? 0) + HOUR / 2)
  const [draft] = (await billing.sdk.invoices.list({ subscription: id, status: 'draft' })).data
  if (!draft) throw new Error('There is no draft')
  return { billing, draft, due: (trial_end ?? 0) + HOUR }
}

describe('an invoice that is finalized by hand', () => {
  test('is paid by itself all the same', async () => {
    const { billing, draft, due } = await startRenewal()
    expect(await billing.sdk.invoices.finalizeInvoice(draft.id)).toMatchObject({
      status: 'open',
      auto_advance: true,
      attempt_count: 0,
      next_payment_attempt: due,
    })
    billing.advanceTo(due)
    expect(await billing.sdk.invoices.retrieve(draft.id)).toMatchObject({ status: 'paid', attempt_count: 1 })
  })

  test('keeps waiting for somebody where it did', async () => {
    const billing = await startBilling()
    const { sdk, customer } = billing
    await sdk.invoiceItems.create({ customer, amount: 700, currency: 'usd' })
    const { id } = await sdk.invoices.create({ customer, pending_invoice_items_behavior: 'include' })
    const kept = { auto_advance: false, next_payment_attempt: null }
    expect(await sdk.invoices.finalizeInvoice(id)).toMatchObject(kept)
    billing.advanceTo(billing.now() + DAY)
    expect(await sdk.invoices.retrieve(id)).toMatchObject({ ...kept, status: 'open' })
  })
})

describe('a change of auto_advance', () => {
  test('stops retries', async () => {
    const { billing, draft, due } = await startRenewal('pm_card_chargeCustomerFail')
    billing.advanceTo(due)
    const stopped = await billing.sdk.invoices.update(draft.id, { auto_advance: false })
    expect(stopped).toMatchObject({ attempt_count: 1, next_payment_attempt: null })
    billing.advanceTo(due + 30 * DAY)
    expect(await billing.sdk.invoices.retrieve(draft.id)).toMatchObject({ status: 'open', attempt_count: 1 })
  })

  test('has a draft finalized and paid', async () => {
    const billing = await startBilling()
    const { sdk, customer } = billing
    await sdk.invoiceItems.create({ customer, amount: 700, currency: 'usd' })
    const { id } = await sdk.invoices.create({ customer, pending_invoice_items_behavior: 'include' })
    const at = billing.now() + HOUR
    const changed = await sdk.invoices.update(id, { auto_advance: true })
    expect(changed).toMatchObject({ automatically_finalizes_at: at, next_payment_attempt: at })
    billing.advanceTo(at)
    expect(await sdk.invoices.retrieve(id)).toMatchObject({ status: 'paid' })
  })
})

test.each([
  ['paid', { collection_method: 'send_invoice' }],
  ['paid', { auto_advance: true }],
  ['void', { auto_advance: true }],
  ['open', { due_date: 2_000_000_000 }],
] as const)('an invoice that is %s refuses %o', async (status, change) => {
  const { billing, draft } = await startRenewal()
  const { invoices } = billing.sdk
  if (status === 'paid') await invoices.pay(draft.id)
  else await invoices.finalizeInvoice(draft.id)
  if (status === 'void') await invoices.voidInvoice(draft.id)
  const code = 'invoice_not_editable'
  await expect(invoices.update(draft.id, change)).rejects.toMatchObject({ statusCode: 400, code })
  expect(await invoices.update(draft.id, { metadata: { a: 'b' } })).toMatchObject({ status })
})

test('amounts are written as their currency is', async () => {
  const billing = await startBilling()
  const { sdk, customer } = billing
  const recurring = { interval: 'month' } as const
  const price = { currency: 'jpy', unit_amount: 3000, recurring, product_data: { name: 'Pro' } }
  const { id } = await sdk.prices.create(price)
  await sdk.subscriptions.create({ customer, items: [{ price: id }] })
  const [invoice] = (await sdk.invoices.list({ customer })).data
  expect(invoice?.lines.data).toMatchObject([{ description: '1 × Pro (at ¥3,000 / month)' }])
  const [charge] = (await sdk.charges.list({ customer })).data
  await expect(sdk.refunds.create({ charge: charge?.id ?? '', amount: 3001 })).rejects.toThrow('(¥3,001)')
})
