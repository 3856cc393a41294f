import { replace } from '../engine/replace.ts'
import { StripeRefusal } from '../refusal.ts'
import {
  type CardBehaviour,
  createPaymentMethod,
  declineOf,
  findCard,
  isDeclinedAtOnce,
} from '../resources/cards.ts'
import { getCustomer } from '../resources/getCustomer.ts'
import type { World } from '../world.ts'
import { applyPromotionCode } from './checkout/applyPromotionCode.ts'
import { createBuyer } from './checkout/createBuyer.ts'
import { describeBuyer } from './checkout/createSession.ts'
import { getOpenSession } from './expireCheckoutSession.ts'
import { holdEvents, releaseEvents } from './holdEvents.ts'
import { collectInvoice } from './invoices/collectInvoice.ts'
import { noteApproval } from './payments/confirmIntent.ts'
import { setUp } from './payments/setUp.ts'
import type { BillingRecords } from './records.ts'
import {
  type Customer,
  type Invoice,
  idOf,
  type PaymentMethod,
  type Session,
  type Subscription,
} from './shapes.ts'
import { latestInvoice, startSubscription } from './subscriptions/createSubscription.ts'

export interface Buyer {
  /** By number, last four digits or token; 4242 unless the session needs none. */
  card?: string
  /** Whether the buyer proves who they are when the card asks for it. */
  authenticate?: boolean
  /** The code as it is typed in. */
  promotionCode?: string
  email?: string
  name?: string
}

/** What the buyer sees; a session that is not complete can be paid again. */
export interface Paid {
  outcome: 'complete' | 'declined' | 'requires_action'
  session: Session
  /** Why it was declined, in words for the buyer. */
  failure: string | null
}

type Order = BillingRecords['checkout_order']

/** As seen in one purchase at Stripe; what is not listed comes in between. */
const ORDER = [
  'charge.succeeded',
  'payment_method.attached',
  'setup_intent.succeeded',
  'setup_intent.created',
  'customer.created',
  'customer.updated',
  'checkout.session.completed',
  'customer.subscription.created',
  '*',
  'invoice_payment.paid',
]

/** What the buyer does on the page of an open session: pays, and has a subscription then, all of it or nothing. */
export function payCheckoutSession(world: World, id: string, buyer: Buyer = {}): Paid {
  return world.store.change(() => {
    const given = getOpenSession(world, id)
    const session =
      buyer.promotionCode === undefined ? given : applyPromotionCode(world, given, buyer.promotionCode)
    const order = world.store.get('checkout_order', id)
    if (!order) throw new Error(`The session ${id} has no order`)
    const isFree = session.amount_total === 0
    const needsCard = !isFree || session.payment_method_collection === 'always'
    const card = buyer.card ?? (needsCard ? '4242' : null)
    const behaviour = card === null ? 'good' : behaviourOf(card)
    if (isDeclined(behaviour, isFree)) return decline(world, session, order, behaviour)
    const mustAsk = behaviour.startsWith('requires_authentication') && !buyer.authenticate
    if (mustAsk && isFree) return { outcome: 'requires_action', session, failure: null }
    const held = holdEvents(world)
    const paid = subscribe(held.world, session, order, { ...buyer, card })
    releaseEvents(world, held.events, ORDER)
    return paid
  })
}

function behaviourOf(card: string): CardBehaviour {
  const known = findCard(card)
  if (known) return known.behaviour
  throw new StripeRefusal('Your card number is incorrect.', {
    status: 402,
    type: 'card_error',
    code: 'incorrect_number',
    param: 'number',
  })
}

/** A card that takes no charge can still be kept, where nothing is charged yet. */
function isDeclined(behaviour: CardBehaviour, isFree: boolean): boolean {
  if (behaviour === 'fails_when_charged') return !isFree
  return isDeclinedAtOnce(behaviour)
}

function decline(world: World, session: Session, order: Order, behaviour: CardBehaviour): Paid {
  const { message } = declineOf(behaviour)
  world.store.put('checkout_order', { ...order, failure: message })
  return { outcome: 'declined', session, failure: message }
}

function subscribe(
  world: World,
  session: Session,
  order: Order,
  { card, authenticate = false, email, name }: Omit<Buyer, 'card'> & { card: string | null },
): Paid {
  const customer = customerFor(world, session, { email, name })
  const method = card === null ? null : createPaymentMethod(world, card, customer.id)
  if (method) setDefault(world, customer.id, method)
  if (method && authenticate) noteApproval(world, method)
  if (method && session.amount_total === 0) setUp(world, method)
  const { subscription, invoice } =
    payAgain(world, order, method, authenticate) ??
    startAnew(world, { session, order, customer, method, authenticate })
  if (subscription.status === 'incomplete') {
    world.store.put('checkout_order', { ...order, subscription: subscription.id })
    const waiting = world.store.put('checkout.session', { ...session, customer: customer.id })
    return { outcome: 'requires_action', session: waiting, failure: null }
  }
  return complete(world, session, customer, { subscription, invoice })
}

function customerFor(
  world: World,
  session: Session,
  given: { email?: string | undefined; name?: string | undefined },
): Customer {
  const known = idOf(session.customer)
  if (known !== null) return getCustomer(world, known)
  const email = given.email ?? session.customer_email ?? 'buyer@example.com'
  return createBuyer(world, { email, name: given.name ?? null })
}

function setDefault(world: World, id: string, method: PaymentMethod): void {
  const customer = getCustomer(world, id)
  if (customer.invoice_settings.default_payment_method !== null) return
  replace(world, 'customer', customer, {
    ...customer,
    invoice_settings: { ...customer.invoice_settings, default_payment_method: method.id },
  })
}

interface Bought {
  subscription: Subscription
  invoice: Invoice | null
}

/** The subscription that waited for the buyer, with its invoice paid now; null where there is none that waits. */
function payAgain(
  world: World,
  order: Order,
  method: PaymentMethod | null,
  authenticate: boolean,
): Bought | null {
  const waiting = world.store.get('subscription', order.subscription ?? '')
  const open = waiting && latestInvoice(world, waiting)
  if (waiting?.status !== 'incomplete' || open?.status !== 'open' || !method) return null
  const after = { ...waiting, default_payment_method: method.id }
  replace(world, 'subscription', waiting, after, 'customer.subscription.updated')
  const { invoice } = collectInvoice(world, open, { method, authenticate })
  return { subscription: world.store.get('subscription', waiting.id) ?? after, invoice }
}

interface Start {
  session: Session
  order: Order
  customer: Customer
  method: PaymentMethod | null
  authenticate: boolean
}

function startAnew(world: World, { session, order, customer, method, authenticate }: Start): Bought {
  const { automatic_tax } = session
  const held = holdEvents(world)
  const { subscription, invoice } = startSubscription(
    held.world,
    {
      ...order.data,
      customer: customer.id,
      items: order.lines.map(({ price, quantity }) => ({ price, quantity })),
      off_session: false,
      ...(automatic_tax.enabled && { automatic_tax: { enabled: true } }),
      ...(method && { default_payment_method: method.id }),
      ...(order.discounts.length > 0 && { discounts: order.discounts }),
    },
    { authenticate },
  )
  const told = held.events.filter(({ type }) => type !== 'customer.subscription.updated')
  releaseEvents(world, told, ['*'])
  world.emit('customer.subscription.created', 'subscription', subscription)
  return { subscription, invoice }
}

function complete(
  world: World,
  session: Session,
  customer: Customer,
  { subscription, invoice }: Bought,
): Paid {
  const isFree = (invoice?.amount_due ?? 0) === 0
  const completed = world.store.put('checkout.session', {
    ...session,
    customer: customer.id,
    customer_details: session.customer_details ?? describeBuyer(customer.email, customer.name ?? null),
    invoice: invoice?.id ?? null,
    payment_status: isFree ? 'no_payment_required' : 'paid',
    status: 'complete',
    subscription: subscription.id,
    url: null,
  })
  world.emit('checkout.session.completed', 'checkout.session', completed)
  return { outcome: 'complete', session: completed, failure: null }
}
