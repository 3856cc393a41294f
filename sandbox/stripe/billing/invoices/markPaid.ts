import type { World } from '../../world.ts'
import { setDelinquent } from '../customers.ts'
import { closePayment } from '../payments/openPayment.ts'
import { customerOf, type Invoice } from '../shapes.ts'
import { followInvoice } from '../subscriptions/followInvoice.ts'

/** Notes that an invoice is paid, with what follows for its subscription. */
export function markPaid(world: World, open: Invoice): Invoice {
  const now = world.now(customerOf(open))
  const paid = world.store.put('invoice', {
    ...open,
    amount_paid: open.amount_due,
    amount_remaining: 0,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...open.status_transitions, paid_at: now },
  })
  setDelinquent(world, customerOf(paid), false)
  world.emit('invoice.paid', 'invoice', paid)
  world.emit('invoice.payment_succeeded', 'invoice', paid)
  closePayment(world, paid, 'paid')
  followInvoice(world, paid)
  return paid
}
