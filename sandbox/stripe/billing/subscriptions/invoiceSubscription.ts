import { getCustomer } from '../../resources/getCustomer.ts'
import type { World } from '../../world.ts'
import { HOUR } from '../calendar.ts'
import { discountsInForce } from '../discounts/applyDiscounts.ts'
import type { InvoiceOrder } from '../invoices/composeInvoice.ts'
import { draftInvoice, pendingItems } from '../invoices/draftInvoice.ts'
import { invoiceItemLine, type LineDraft } from '../invoices/lines.ts'
import { customerOf, type Invoice, type Subscription } from '../shapes.ts'

interface Billing extends Pick<InvoiceOrder, 'reason' | 'period' | 'prorationDate'> {
  /** Beside what is pending. */
  lines: LineDraft[]
  /** Whether it stays a draft for an hour, or until somebody finalizes it. */
  waits?: 'an hour' | 'for ever'
}

/** The order of an invoice for the subscription, with everything that is pending for it. */
export function orderFor(
  world: World,
  subscription: Subscription,
  { lines, ...billing }: Billing,
): InvoiceOrder {
  const customer = getCustomer(world, customerOf(subscription))
  const now = world.now(customer.id)
  const { automatic_tax, currency } = subscription
  const waits = billing.waits === 'an hour' ? now + HOUR : null
  const isCharged = subscription.collection_method === 'charge_automatically'
  return {
    customer,
    subscription,
    reason: billing.reason,
    lines: [...pendingItems(world, customer.id, subscription.id).map(invoiceItemLine), ...lines],
    discounts: discountsInForce(world, subscription, now),
    currency,
    ...(billing.period && { period: billing.period }),
    ...(billing.prorationDate !== undefined && { prorationDate: billing.prorationDate }),
    fields: {
      auto_advance: billing.waits !== 'for ever',
      automatic_tax: {
        ...automatic_tax,
        disabled_reason: null,
        provider: automatic_tax.enabled ? 'stripe' : null,
        status: automatic_tax.enabled ? 'complete' : null,
      },
      automatically_finalizes_at: waits,
      next_payment_attempt: isCharged ? waits : null,
    },
  }
}

/** Drafts an invoice for the subscription, which has it as its latest from then on; that alone is no event. */
export function invoiceSubscription(
  world: World,
  subscription: Subscription,
  billing: Billing,
): { subscription: Subscription; invoice: Invoice } {
  const invoice = draftInvoice(world, orderFor(world, subscription, billing))
  const now = world.store.get('subscription', subscription.id) ?? subscription
  const after = world.store.put('subscription', { ...now, latest_invoice: invoice.id })
  return { subscription: after, invoice }
}
