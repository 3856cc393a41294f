import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { voidInvoice } from '../invoices/closeInvoice.ts'
import { idOf, type Subscription } from '../shapes.ts'

/** Ends a subscription whose first invoice was not paid in time; the invoice is void from then on. */
export function expireIncomplete(world: World, { id, latest_invoice }: Subscription): void {
  const invoice = world.store.get('invoice', idOf(latest_invoice) ?? '')
  if (invoice?.status === 'open') voidInvoice(world, invoice)
  const subscription = world.store.get('subscription', id)
  if (subscription?.status !== 'incomplete') return
  const ended: Subscription = { ...subscription, status: 'incomplete_expired' }
  replace(world, 'subscription', subscription, ended, 'customer.subscription.updated')
}
