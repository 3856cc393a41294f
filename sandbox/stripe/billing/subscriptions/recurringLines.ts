import type { World } from '../../world.ts'
import { fullAmount, itemLine, type LineDraft } from '../invoices/lines.ts'
import { shareOfPeriod } from '../prorations/prorate.ts'
import type { Subscription, SubscriptionItem } from '../shapes.ts'

/** The lines that bill items for the period they are in; a period that is cut short costs its share. */
export function recurringLines(
  world: World,
  subscription: Subscription,
  items: SubscriptionItem[],
): LineDraft[] {
  return items.map((item) => {
    const period = { start: item.current_period_start, end: item.current_period_end }
    const isTrial = subscription.status === 'trialing'
    const share = isTrial ? 0 : shareOfPeriod(subscription, item, period)
    const amount = Math.round(fullAmount(item.price, item.quantity ?? 1) * share)
    return itemLine(world, subscription, item, { period, amount, isTrial })
  })
}
