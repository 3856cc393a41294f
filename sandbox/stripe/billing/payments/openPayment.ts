import { newId, type World } from '../../world.ts'
import { customerOf, type Invoice, type InvoicePayment, idOf, type PaymentIntent } from '../shapes.ts'

/** Makes the payment intent by which a finalized invoice is to be paid, and what ties the two together. */
export function openPayment(world: World, invoice: Invoice): PaymentIntent {
  const intent = world.store.put('payment_intent', blankIntent(world, invoice))
  const payment = world.store.put('invoice_payment', {
    id: newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: intent.created,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: 'payment_intent', payment_intent: intent.id },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  })
  world.store.put('invoice_payments_of', { id: invoice.id, payments: [payment.id] })
  world.emit('payment_intent.created', 'payment_intent', intent)
  return intent
}

/** The payments of an invoice, the oldest first. */
export function paymentsOf({ store }: World, invoice: string): InvoicePayment[] {
  const ids = store.get('invoice_payments_of', invoice)?.payments ?? []
  return ids.flatMap((id) => store.get('invoice_payment', id) ?? [])
}

/** The payment intent that pays an invoice unless another is used, or null before it is finalized. */
export function intentOf(world: World, invoice: string): PaymentIntent | null {
  const payment = paymentsOf(world, invoice).find(({ is_default }) => is_default)
  return world.store.get('payment_intent', idOf(payment?.payment.payment_intent) ?? '') ?? null
}

/** The invoice that a payment intent is to pay, or null. */
export function invoiceOf({ store }: World, intent: string): Invoice | null {
  const payment = store.list('invoice_payment').find((one) => idOf(one.payment.payment_intent) === intent)
  return store.get('invoice', idOf(payment?.invoice) ?? '') ?? null
}

/** Notes that the invoice is paid, or can no longer be. */
export function closePayment(world: World, invoice: Invoice, status: 'paid' | 'canceled'): void {
  const payment = paymentsOf(world, invoice.id).find(({ is_default }) => is_default)
  if (!payment) return
  const now = world.now(customerOf(invoice))
  const isPaid = status === 'paid'
  const closed = world.store.put('invoice_payment', {
    ...payment,
    amount_paid: isPaid ? payment.amount_requested : null,
    status,
    status_transitions: { canceled_at: isPaid ? null : now, paid_at: isPaid ? now : null },
  })
  if (isPaid) world.emit('invoice_payment.paid', 'invoice_payment', closed)
}

function blankIntent(world: World, invoice: Invoice): PaymentIntent {
  const id = newId('pi')
  return {
    ...unused(),
    id,
    object: 'payment_intent',
    amount: invoice.amount_due,
    amount_capturable: 0,
    amount_received: 0,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: `${id}_${newId('secret')}`,
    confirmation_method: 'automatic',
    created: world.now(customerOf(invoice)),
    currency: invoice.currency,
    customer: invoice.customer,
    customer_account: null,
    description:
      invoice.billing_reason === 'subscription_create' ? 'Subscription creation' : 'Subscription update',
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: {},
    next_action: null,
    payment_method: null,
    payment_method_types: ['card'],
    setup_future_usage: invoice.billing_reason === 'subscription_create' ? 'off_session' : null,
    status: 'requires_payment_method',
  }
}

function unused() {
  return {
    allowed_payment_method_types: null,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    excluded_payment_method_types: null,
    managed_payments: null,
    on_behalf_of: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    transfer_group: null,
  } satisfies Partial<PaymentIntent>
}
