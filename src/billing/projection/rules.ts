import type Stripe from 'stripe'
import type { Interval } from '../../catalogue/catalogue.ts'
import { isLastPeriod, isLive } from '../../entitlements/truthTable.ts'
import { readSeatMarks } from '../seats/rules.ts'

/** What Stripe holds of one customer, as one look found it. */
export interface Holdings {
  /** The customer was deleted at Stripe, and its subscriptions ended with it. */
  isDeleted: boolean
  subscriptions: Stripe.Subscription[]
  /** Open invoices; only looked for where a charge has failed. */
  openInvoices: Stripe.Invoice[]
  /** The newest of those whose charge was tried, if it waits for the buyer to confirm the payment. */
  awaitingBuyer: string | null
}

/** A price of ours and the plan it buys. Several prices may buy one plan: old ones stay valid. */
export interface KnownPrice {
  priceId: string
  productId: string
  plan: string
  interval: Interval
}

/** A change that Stripe will make at the end of the period. */
export interface ScheduledChange {
  plan: string | null
  interval: Interval | null
  quantity: number
  at: string
}

export interface Card {
  brand: string
  last4: string
  expMonth: number
  expYear: number
}

/** A subscription as it is mirrored here. */
export interface MirroredSubscription {
  id: string
  status: string
  /** Null for a price that buys no plan of ours: it gives no access. */
  plan: string | null
  priceId: string
  interval: Interval | null
  quantity: number
  currentPeriodStart: Date
  currentPeriodEnd: Date
  /** From when Stripe counts periods; null where it has not been looked at since that is mirrored. */
  billingAnchor: Date | null
  trialEnd: Date | null
  cancelAtPeriodEnd: boolean
  cancelAt: Date | null
  canceledAt: Date | null
  endedAt: Date | null
  pastDueSince: Date | null
  scheduled: ScheduledChange | null
  card: Card | null
  /** The checkout of ours that it came from, by the mark that we set. */
  checkoutId: string | null
  /** The quantity that we set, and of it the seats that were asked for, by the marks that we set with it. */
  seatsSet: number | null
  seatsAsked: number | null
  createdAt: Date
}

/** The key under which our checkout marks what it begins. */
export const CHECKOUT_KEY = 'frontgate_checkout'

/** Mirrors one subscription. The same holdings always give the same mirror, whatever was known before. */
export function mirrorSubscription(
  subscription: Stripe.Subscription,
  openInvoices: Stripe.Invoice[],
  prices: KnownPrice[],
): MirroredSubscription {
  const item = mainItem(subscription, prices)
  return {
    id: subscription.id,
    status: subscription.status,
    plan: planOf(item.price, prices),
    priceId: item.price.id,
    interval: intervalOf(item.price),
    quantity: item.quantity ?? 1,
    // Periods are of items since API 2025-03-31.
    currentPeriodStart: instant(item.current_period_start),
    currentPeriodEnd: instant(item.current_period_end),
    billingAnchor: instant(subscription.billing_cycle_anchor),
    trialEnd: instantOrNull(subscription.trial_end),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    cancelAt: instantOrNull(subscription.cancel_at),
    canceledAt: instantOrNull(subscription.canceled_at),
    endedAt: instantOrNull(subscription.ended_at),
    pastDueSince: pastDueSince(subscription, openInvoices),
    scheduled: scheduledChange(subscription, prices),
    card: cardOf(subscription),
    checkoutId: checkoutOf(subscription),
    ...readSeatMarks(subscription.metadata),
    createdAt: instant(subscription.created),
  }
}

/** The item that decides the plan: one of ours if there is any. */
function mainItem({ id, items }: Stripe.Subscription, prices: KnownPrice[]): Stripe.SubscriptionItem {
  const item = items.data.find(({ price }) => planOf(price, prices) !== null) ?? items.data[0]
  if (!item) throw new Error(`Subscription ${id} has no items`)
  return item
}

/** An unknown price of a known product buys that product's plan; one of an unknown product buys nothing. */
function planOf(price: Stripe.Price, prices: KnownPrice[]): string | null {
  const product = idOf(price.product)
  const known =
    prices.find(({ priceId }) => priceId === price.id) ??
    prices.find(({ productId }) => productId === product)
  return known?.plan ?? null
}

function intervalOf({ recurring }: Stripe.Price): Interval | null {
  const isOurs = recurring?.interval_count === 1 && ['month', 'year'].includes(recurring.interval)
  return isOurs ? (recurring.interval as Interval) : null
}

/**
 * Since when the oldest unpaid invoice is owed: its charge was first tried when it was finalised, and one that is sent
 * is due later. A later invoice does not begin the grace anew.
 */
function pastDueSince({ id, status, latest_invoice: latest }: Stripe.Subscription, open: Stripe.Invoice[]) {
  if (status !== 'past_due') return null
  const latestInvoice = typeof latest === 'object' ? latest : null
  const unpaid = open.filter(({ parent }) => idOf(parent?.subscription_details?.subscription) === id)
  const owed = (unpaid.length > 0 ? unpaid : [latestInvoice]).flatMap((invoice) => {
    const finalised = invoice?.status_transitions.finalized_at ?? null
    return finalised === null ? [] : Math.max(finalised, invoice?.due_date ?? 0)
  })
  return owed.length > 0 ? instant(Math.min(...owed)) : null
}

/** The next phase of a schedule, where one is attached. */
function scheduledChange({ schedule }: Stripe.Subscription, prices: KnownPrice[]): ScheduledChange | null {
  if (!schedule || typeof schedule === 'string' || schedule.status !== 'active') return null
  const end = schedule.current_phase?.end_date
  const next = schedule.phases.find(({ start_date }) => start_date === end)
  const item = next?.items[0]
  if (!end || !item) return null
  const price = prices.find(({ priceId }) => priceId === idOf(item.price))
  return {
    plan: price?.plan ?? null,
    interval: price?.interval ?? null,
    quantity: item.quantity ?? 1,
    at: instant(end).toISOString(),
  }
}

/** The card of the subscription itself, which checkout sets and which is charged before any other. */
function cardOf({ default_payment_method: method }: Stripe.Subscription): Card | null {
  if (!method || typeof method === 'string' || !method.card) return null
  const { brand, last4, exp_month: expMonth, exp_year: expYear } = method.card
  return { brand, last4, expMonth, expYear }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function checkoutOf({ metadata }: Stripe.Subscription): string | null {
  const id = metadata[CHECKOUT_KEY]
  return id && UUID.test(id) ? id : null
}

/** Words that a subscription never leaves. */
export const isOver = ({ status }: { status: string }) => ['canceled', 'incomplete_expired'].includes(status)

interface Candidate {
  id: string
  status: string
  plan: string | null
  createdAt: Date
}

/**
 * The subscription of an account that is shown and changed: of live ones that with the highest plan, then the
 * oldest; else one that is just beginning; else the one that came last, an attempt that was never paid last of all.
 * Never depends on the order given.
 */
export function chooseShown<C extends Candidate>(all: C[], rankOf: (plan: string) => number): C | null {
  const standing = (one: C) =>
    isPaying(one) ? 3 : isLive(one) ? 2 : !isOver(one) ? 1 : one.status === 'canceled' ? 0 : -1
  const rank = ({ plan }: C) => (plan === null ? -1 : rankOf(plan))
  const [first] = [...all].sort(
    (a, b) =>
      standing(b) - standing(a) ||
      (isLive(a) ? rank(b) - rank(a) || a.createdAt.getTime() - b.createdAt.getTime() : 0) ||
      b.createdAt.getTime() - a.createdAt.getTime() ||
      (a.id < b.id ? -1 : 1),
  )
  return first ?? null
}

const isPaying = ({ status }: Candidate) => ['trialing', 'active', 'past_due'].includes(status)

/**
 * Of several live subscriptions that came from checkouts, those that were bought after the first: the buyer meant
 * one, so these are cancelled and paid back. One that somebody made at Stripe by hand is only flagged, also where the
 * mark of a checkout was copied to it: a checkout makes one.
 */
export function boughtTwice<C extends Candidate & { checkoutId: string | null }>(all: C[]): C[] {
  const marked = all
    .filter(({ checkoutId }) => checkoutId !== null)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1))
  const bought = marked.filter(
    (one) => marked.find(({ checkoutId }) => checkoutId === one.checkoutId) === one && isLive(one),
  )
  return bought.slice(1)
}

/** Why nobody meant to have a subscription. */
export type Unwanted = 'bought-twice' | 'account-closed'

/** Live subscriptions that are to be cancelled and paid back: second purchases, and those of an account that is closed. */
export function unwantedOf<
  C extends Candidate &
    Pick<MirroredSubscription, 'checkoutId' | 'cancelAt' | 'cancelAtPeriodEnd' | 'currentPeriodEnd'>,
>(all: C[], isClosed: boolean): { one: C; because: Unwanted }[] {
  if (!isClosed) return boughtTwice(all).map((one) => ({ one, because: 'bought-twice' }))
  const goingOn = all.filter((one) => isLive(one) && !isLastPeriod(one))
  return goingOn.map((one) => ({ one, because: 'account-closed' }))
}

export function idOf(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === 'object' ? (reference?.id ?? null) : (reference ?? null)
}

const instant = (seconds: number) => new Date(seconds * 1000)
const instantOrNull = (seconds: number | null) => (seconds === null ? null : instant(seconds))
