import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { type Invoice, idOf, type Subscription } from '../shapes.ts'

type Changes = Partial<Subscription>

/**
 * Brings a subscription in line with one of its invoices, whose payment has been tried or given up. Only the latest
 * invoice counts: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
 */
export function followInvoice(world: World, invoice: Invoice): void {
  const id = idOf(invoice.parent?.subscription_details?.subscription)
  const subscription = world.store.get('subscription', id ?? '')
  if (!subscription || idOf(subscription.latest_invoice) !== invoice.id) return
  const changes = changesAfter(subscription, invoice)
  if (!changes) return
  const resumed = subscription.status === 'paused' && changes.status === 'active'
  const after = { ...subscription, ...changes }
  if (resumed) delete after.status_details
  replace(world, 'subscription', subscription, after, 'customer.subscription.updated')
  if (resumed) world.emit('customer.subscription.resumed', 'subscription', after)
  if (subscription.pending_update && changes.pending_update === null) {
    const type = changes.items ? 'pending_update_applied' : 'pending_update_expired'
    world.emit(`customer.subscription.${type}`, 'subscription', after)
  }
}

function changesAfter(subscription: Subscription, invoice: Invoice): Changes | null {
  const { status, pending_update } = subscription
  const { status: became } = invoice
  if (became === 'open') {
    return status === 'active' && !pending_update ? { status: 'past_due' } : null
  }
  if (pending_update) return became === 'paid' ? applyPending(subscription) : { pending_update: null }
  switch (status) {
    case 'incomplete':
      return became === 'paid' ? { status: 'active' } : { status: 'incomplete_expired' }
    case 'past_due':
    case 'unpaid':
      return { status: 'active' }
    case 'paused':
      return became === 'void' ? null : { status: 'active' }
    default:
      return null
  }
}

/** https://docs.stripe.com/billing/subscriptions/pending-updates */
function applyPending(subscription: Subscription): Changes {
  const { subscription_items, trial_end, billing_cycle_anchor } = subscription.pending_update ?? {}
  const data = subscription_items ?? subscription.items.data
  return {
    pending_update: null,
    items: { ...subscription.items, data },
    ...(trial_end && { trial_end }),
    ...(billing_cycle_anchor && { billing_cycle_anchor }),
  }
}
