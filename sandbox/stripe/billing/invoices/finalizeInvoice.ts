import { StripeRefusal } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import type { World } from '../../world.ts'
import { DAY } from '../calendar.ts'
import { setBalance } from '../customers.ts'
import { openPayment } from '../payments/openPayment.ts'
import { customerOf, type Invoice } from '../shapes.ts'
import { subscriptionOf } from './composeInvoice.ts'
import { markPaid } from './markPaid.ts'

const DEFAULT_DAYS_UNTIL_DUE = 30

/** Opens a draft for payment, with its number; what the customer has as credit is used, and nothing due is paid. */
export function finalizeInvoice(world: World, draft: Invoice): Invoice {
  if (draft.status !== 'draft') {
    throw new StripeRefusal('This invoice is already finalized, you can’t re-finalize a non-draft invoice.', {
      code: 'invoice_not_editable',
    })
  }
  const now = world.now(customerOf(draft))
  const { number, balance } = takeNumber(world, draft)
  const owed = draft.total + balance
  const due = Math.max(0, owed)
  const open = world.store.put('invoice', {
    ...draft,
    amount_due: due,
    amount_remaining: due,
    automatically_finalizes_at: null,
    due_date: dueDate(world, draft, now),
    effective_at: now,
    ending_balance: Math.min(0, owed),
    hosted_invoice_url: `${world.publicUrl}/stripe/invoice/${draft.id}`,
    invoice_pdf: `${world.publicUrl}/stripe/invoice/${draft.id}/pdf`,
    next_payment_attempt: null,
    number,
    starting_balance: balance,
    status: 'open',
    status_transitions: { ...draft.status_transitions, finalized_at: now },
  })
  setBalance(world, getCustomer(world, customerOf(draft)), Math.min(0, owed))
  if (due > 0) openPayment(world, open)
  world.emit('invoice.finalized', 'invoice', open)
  return due > 0 ? open : markPaid(world, { ...open, attempted: true })
}

function takeNumber(world: World, draft: Invoice): { number: string; balance: number } {
  const customer = getCustomer(world, customerOf(draft))
  const sequence = customer.next_invoice_sequence ?? 1
  world.store.put('customer', { ...customer, next_invoice_sequence: sequence + 1 })
  const prefix = customer.invoice_prefix ?? customer.id.slice(-8).toUpperCase()
  return { number: `${prefix}-${String(sequence).padStart(4, '0')}`, balance: customer.balance }
}

function dueDate({ store }: World, draft: Invoice, now: number): number | null {
  if (draft.collection_method !== 'send_invoice') return null
  const days = store.get('subscription', subscriptionOf(draft) ?? '')?.days_until_due
  return draft.due_date ?? now + (days ?? DEFAULT_DAYS_UNTIL_DUE) * DAY
}
