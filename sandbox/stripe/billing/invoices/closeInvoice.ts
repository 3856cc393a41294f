import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { setBalance, setDelinquent } from '../customers.ts'
import { cancelIntent } from '../payments/confirmIntent.ts'
import { closePayment, intentOf } from '../payments/openPayment.ts'
import { customerOf, type Invoice } from '../shapes.ts'
import { followInvoice } from '../subscriptions/followInvoice.ts'

/** Voids an invoice, so that nobody owes it: https://docs.stripe.com/invoicing/overview#void */
export function voidInvoice(world: World, invoice: Invoice): Invoice {
  const { status } = invoice
  if (status !== 'open' && status !== 'uncollectible') {
    throw new StripeRefusal(`You can only pass in open invoices. This invoice isn't open.`, {
      code: 'status_transition_invalid',
    })
  }
  const now = world.now(customerOf(invoice))
  const closed = close(world, invoice, { status: 'void', transitions: { voided_at: now } })
  const intent = intentOf(world, invoice.id)
  if (intent) cancelIntent(world, intent, 'void_invoice')
  closePayment(world, closed, 'canceled')
  giveBackCredit(world, closed)
  world.emit('invoice.voided', 'invoice', closed)
  followInvoice(world, closed)
  return closed
}

/** Gives an invoice up as a bad debt; it can still be paid. */
export function markUncollectible(world: World, invoice: Invoice): Invoice {
  if (invoice.status !== 'open') {
    throw new StripeRefusal(`You can only pass in open invoices. This invoice isn't open.`, {
      code: 'status_transition_invalid',
    })
  }
  const now = world.now(customerOf(invoice))
  const closed = close(world, invoice, {
    status: 'uncollectible',
    transitions: { marked_uncollectible_at: now },
    more: { status_details: { uncollectible: { reason: 'user_forgiven' } } },
  })
  setDelinquent(world, customerOf(closed), false)
  world.emit('invoice.marked_uncollectible', 'invoice', closed)
  followInvoice(world, closed)
  return closed
}

/** Credit that an invoice has used is the customer's again. */
function giveBackCredit(world: World, invoice: Invoice): void {
  const used = (invoice.ending_balance ?? 0) - invoice.starting_balance
  const customer = world.store.get('customer', customerOf(invoice))
  if (used !== 0 && customer && !customer.deleted) setBalance(world, customer, customer.balance - used)
}

interface Closing {
  status: 'void' | 'uncollectible'
  transitions: Partial<Invoice['status_transitions']>
  more?: Partial<Invoice>
}

function close({ store }: World, invoice: Invoice, { status, transitions, more }: Closing): Invoice {
  return store.put('invoice', {
    ...invoice,
    ...more,
    auto_advance: false,
    next_payment_attempt: null,
    status,
    status_transitions: { ...invoice.status_transitions, ...transitions },
  })
}
