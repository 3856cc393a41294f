import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { couponOf } from '../discounts/applyDiscounts.ts'
import { type Invoice, type InvoiceItem, idOf } from '../shapes.ts'
import { composeInvoice, type InvoiceOrder } from './composeInvoice.ts'

/** Makes the draft of an invoice, and takes the invoice items on it out of those that are pending. */
export function draftInvoice(world: World, order: InvoiceOrder): Invoice {
  const invoice = world.store.put('invoice', composeInvoice(world, order))
  for (const { parent } of invoice.lines.data) {
    const details = parent?.subscription_item_details ?? parent?.invoice_item_details
    const item = world.store.get('invoiceitem', details?.invoice_item ?? '')
    if (item) world.store.put('invoiceitem', { ...item, invoice: invoice.id })
  }
  spendDiscounts(world, invoice)
  world.emit('invoice.created', 'invoice', invoice)
  return invoice
}

/** The invoice items of a customer that no invoice has yet: those of this subscription, and those of none. */
export function pendingItems({ store }: World, customer: string, subscription: string | null): InvoiceItem[] {
  const pending = store.listOf('invoiceitem', customer).filter(({ invoice }) => invoice === null)
  return pending.filter(({ parent }) => {
    const bearer = parent?.subscription_details?.subscription ?? null
    return bearer === null || bearer === subscription
  })
}

/** A coupon that is for once is gone from the subscription when it has lowered an invoice. */
function spendDiscounts(world: World, invoice: Invoice): void {
  const subscription = world.store.get(
    'subscription',
    idOf(invoice.parent?.subscription_details?.subscription) ?? '',
  )
  if (!subscription || subscription.discounts.length === 0) return
  const used = (invoice.total_discount_amounts ?? []).filter(({ amount }) => amount > 0)
  const gone = used.flatMap(({ discount: id }) => {
    const discount = world.store.get('discount', idOf(id) ?? '')
    return discount && couponOf(world, discount)?.duration === 'once' ? [discount] : []
  })
  if (gone.length === 0) return
  const ids = gone.map(({ id }) => id)
  const left = subscription.discounts.filter((one) => !ids.includes(idOf(one) ?? ''))
  replace(
    world,
    'subscription',
    subscription,
    { ...subscription, discounts: left },
    'customer.subscription.updated',
  )
}
