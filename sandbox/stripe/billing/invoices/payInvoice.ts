import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { cancelIntent } from '../payments/confirmIntent.ts'
import { intentOf } from '../payments/openPayment.ts'
import type { Invoice, PaymentMethod } from '../shapes.ts'
import { collectInvoice } from './collectInvoice.ts'
import { finalizeInvoice } from './finalizeInvoice.ts'
import { markPaid } from './markPaid.ts'

export interface PayOptions {
  method?: PaymentMethod
  /** Whether the buyer is there and proves who they are. */
  authenticate?: boolean
  /** Paid in another way than through Stripe. */
  isElsewhere?: boolean
}

/**
 * Has an invoice paid now. A payment that fails is refused with Stripe's words, and that it was tried is kept:
 * https://docs.stripe.com/api/invoices/pay
 */
export function payInvoice(world: World, given: Invoice, options: PayOptions = {}): Invoice {
  const { isElsewhere = false, ...attempt } = options
  const invoice = given.status === 'draft' ? finalizeInvoice(world, given) : given
  if (given.status === 'draft' && invoice.status === 'paid') return invoice
  if (invoice.status === 'paid') throw refuse('Invoice is already paid')
  if (invoice.status === 'void') throw refuse('Invoice is void, and cannot be paid.')
  if (isElsewhere) {
    const intent = intentOf(world, invoice.id)
    if (intent) cancelIntent(world, intent, 'void_invoice')
    return markPaid(world, invoice)
  }
  const result = collectInvoice(world, invoice, attempt)
  if (result.outcome === 'paid') return result.invoice
  if (result.outcome === 'declined') {
    throw new StripeRefusal(result.refusal.message, { ...result.refusal.options, keepsChanges: true })
  }
  throw new StripeRefusal(
    'This payment requires additional user action before it can be completed successfully.',
    {
      status: 402,
      type: 'card_error',
      code: 'invoice_payment_intent_requires_action',
      keepsChanges: true,
    },
  )
}

const refuse = (message: string) => new StripeRefusal(message, { code: 'invoice_not_editable' })
