import { couponOf } from '../../billing/discounts/applyDiscounts.ts'
import { type Invoice, idOf } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'

interface Sum {
  name: string
  amount: number
  isMain: boolean
}

/** What stands below the lines of an invoice: what comes off, and what is due or was paid. */
export function sumsOf(world: World, invoice: Invoice): Sum[] {
  const { subtotal, total, amount_due, amount_paid, status } = invoice
  const discounts = (invoice.total_discount_amounts ?? []).filter(({ amount }) => amount > 0)
  const sums: Sum[] = []
  const add = (name: string, amount: number, isMain = false) => sums.push({ name, amount, isMain })
  if (discounts.length > 0) add('Subtotal', subtotal)
  for (const { discount, amount } of discounts) add(nameOf(world, idOf(discount) ?? ''), -amount)
  add('Total', total, amount_due === total)
  if (amount_due !== total) {
    add(total < 0 ? 'Kept as credit' : 'Credit used', amount_due - total)
    add('Amount due', amount_due, true)
  }
  if (status === 'paid') add('Paid', amount_paid)
  return sums
}

function nameOf(world: World, id: string): string {
  const discount = world.store.get('discount', id)
  const code = world.store.get('promotion_code', idOf(discount?.promotion_code) ?? '')
  return code?.code ?? (discount && couponOf(world, discount)?.name) ?? 'Discount'
}
