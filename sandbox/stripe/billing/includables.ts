import type { Includables } from '../engine/expand.ts'
import { listPage } from '../engine/listPage.ts'
import type { Objects } from '../objects.ts'
import type { World } from '../world.ts'
import { lineItemsOf } from './checkout/lineItems.ts'
import { intentOf, paymentsOf } from './payments/openPayment.ts'
import { type Customer, type Invoice, idOf, type Session, type Subscription } from './shapes.ts'
import { isEnded } from './subscriptions/items.ts'

type Charge = Objects['charge']
type Bearer = Pick<Subscription, 'discounts'>

/** Fields of billing's objects that are there only when they are asked for. */
export const billingIncludables: Includables = {
  'invoice.payments': (world: World, { id }: Invoice) =>
    listPage(world.store, paymentsOf(world, id), { limit: 100 }, `/v1/invoice_payments?invoice=${id}`),
  'invoice.confirmation_secret': (world: World, { id }: Invoice) => {
    const secret = intentOf(world, id)?.client_secret
    return secret ? { client_secret: secret, type: 'payment_intent' } : null
  },
  'invoice.discounts': discountsOf,
  'subscription.discounts': discountsOf,
  'subscription_item.discounts': discountsOf,
  'line_item.discounts': discountsOf,
  'charge.refunds': ({ store }: World, { id }: Charge) => {
    const refunds = store.list('refund').filter(({ charge }) => charge === id)
    return listPage(store, refunds, {}, `/v1/charges/${id}/refunds`)
  },
  // Only there where it was given.
  'coupon.applies_to': () => undefined,
  'customer.subscriptions': ({ store }: World, { id }: Customer) => {
    const live = store.listOf('subscription', id).filter((one) => !isEnded(one))
    return listPage(store, live, {}, `/v1/customers/${id}/subscriptions`)
  },
  'checkout.session.line_items': (world: World, session: Session) => ({
    object: 'list',
    data: lineItemsOf(world, session),
    has_more: false,
    url: `/v1/checkout/sessions/${session.id}/line_items`,
  }),
}

function discountsOf({ store }: World, { discounts }: Bearer): unknown[] {
  return discounts.map((one) => store.get('discount', idOf(one) ?? '') ?? one)
}
