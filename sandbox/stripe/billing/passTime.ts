import type { Store } from '../store.ts'
import type { World } from '../world.ts'
import { DAY, HOUR } from './calendar.ts'
import { cancelSubscriptionNow } from './cancelSubscription.ts'
import { expireCheckoutSession } from './expireCheckoutSession.ts'
import { advanceDraft, markOverdue } from './invoices/advanceInvoice.ts'
import { voidInvoice } from './invoices/closeInvoice.ts'
import { collectInvoice } from './invoices/collectInvoice.ts'
import { subscriptionOf } from './invoices/composeInvoice.ts'
import { endPhase } from './schedules/enterPhase.ts'
import { type Invoice, idOf, type Subscription } from './shapes.ts'
import { announceTrialEnd, noticeDue } from './subscriptions/announceTrialEnd.ts'
import { endTrial } from './subscriptions/endTrial.ts'
import { expireIncomplete } from './subscriptions/expireIncomplete.ts'
import { renewalDue, renewSubscription } from './subscriptions/renewSubscription.ts'
import { resumeCollection } from './subscriptions/resumeCollection.ts'

/** After the first failure, when nothing has been paid: https://docs.stripe.com/billing/revenue-recovery/smart-retries */
const GIVE_UP_SECONDS = 21 * DAY
/** https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses */
const INCOMPLETE_SECONDS = 23 * HOUR

/** Something that happens by itself at an instant; at the same one, in this order. */
interface Due {
  at: number
  /** In words, to be told apart by and to be read in a log. */
  what: string
  run: (world: World) => void
}

/** Something that was due and could not be done. */
export interface Failure {
  what: string
  error: unknown
}

interface Timed {
  store: Store
  at(seconds: number, customerOrClock?: string | null): World
  /** What has failed before, and is not tried again. */
  givenUp?: Set<string>
}

/**
 * Does all that has become due by an instant, in the order of time, each thing at its own instant and in a change
 * of its own: for everybody who lives by real time, or by the test clock that is named. What fails is given up and
 * answered with, so that it stops nothing else.
 */
export function advanceBilling(stripe: Timed, upTo: number, clock: string | null = null): Failure[] {
  const { store, givenUp = new Set() } = stripe
  const failures: Failure[] = []
  const next = new Map<string, Due>()
  const look = (customer: string) => {
    const due = earliest(duesOf(store, customer).filter((one) => !givenUp.has(nameOf(one))))
    if (due && due.at <= upTo) next.set(customer, due)
    else next.delete(customer)
  }
  for (const customer of customersBy(store, clock)) look(customer)
  for (;;) {
    const [soonest] = [...next].sort(([, one], [, other]) => one.at - other.at)
    if (!soonest) return failures
    const [customer, due] = soonest
    try {
      store.change(() => due.run(stripe.at(due.at, clock)))
    } catch (error) {
      givenUp.add(nameOf(due))
      failures.push({ what: nameOf(due), error })
    }
    look(customer)
  }
}

const nameOf = ({ what, at }: Due) => `${what} at ${at}`

/** Those to whom something may happen; '' stands for nobody: sessions without a customer, coupons, codes. */
function customersBy(store: Store, clock: string | null): string[] {
  const bearers = [...store.list('subscription'), ...store.list('invoice'), ...store.list('checkout.session')]
  const ids = new Set(['', ...bearers.map(({ customer }) => idOf(customer) ?? '')])
  return [...ids].filter((id) => {
    const customer = store.get('customer', id)
    const itsClock = customer && !customer.deleted ? idOf(customer.test_clock) : null
    return itsClock === clock
  })
}

function duesOf(store: Store, customer: string): Due[] {
  const sessions =
    customer === ''
      ? store.list('checkout.session').filter((one) => one.customer === null)
      : store.listOf('checkout.session', customer)
  const open = sessions.filter(({ status }) => status === 'open')
  // Nothing is billed any more to somebody who was deleted.
  const isBilled = customer !== '' && !store.get('customer', customer)?.deleted
  return [
    ...(customer === '' ? couponDues(store) : []),
    ...(isBilled ? store.listOf('subscription', customer) : []).flatMap((one) =>
      subscriptionDues(store, one),
    ),
    ...(isBilled ? store.listOf('invoice', customer) : []).flatMap((one) => invoiceDues(store, one)),
    ...open.map(({ id, expires_at }) => ({
      at: expires_at,
      what: `expiry of ${id}`,
      run: (world: World) => void expireCheckoutSession(world, id),
    })),
  ]
}

function couponDues(store: Store): Due[] {
  const coupons = store.list('coupon').flatMap((coupon) => {
    const { id, valid, redeem_by: at } = coupon
    if (!valid || at === null) return []
    const run = () => void store.put('coupon', { ...coupon, valid: false })
    return [{ at, what: `end of coupon ${id}`, run }]
  })
  const codes = store.list('promotion_code').flatMap((code) => {
    const { id, active, expires_at: at } = code
    if (!active || at === null) return []
    const run = () => void store.put('promotion_code', { ...code, active: false })
    return [{ at, what: `end of ${id}`, run }]
  })
  return [...coupons, ...codes]
}

/** The first of those that come first. */
function earliest(dues: Due[]): Due | undefined {
  return dues.reduce<Due | undefined>((first, due) => (first && first.at <= due.at ? first : due), undefined)
}

function subscriptionDues(store: Store, subscription: Subscription): Due[] {
  const { id, status, cancel_at, created, trial_end, pending_update, pause_collection } = subscription
  if (status === 'canceled' || status === 'incomplete_expired') return []
  if (status === 'incomplete') {
    const at = created + INCOMPLETE_SECONDS
    return [{ at, what: `expiry of ${id}`, run: (world) => expireIncomplete(world, subscription) }]
  }
  const dues: Due[] = []
  const notice = noticeDue({ store }, subscription)
  if (notice !== null) {
    dues.push({
      at: notice,
      what: `notice to ${id}`,
      run: (world) => announceTrialEnd(world, subscription),
    })
  }
  if (cancel_at !== null) {
    dues.push({
      at: cancel_at,
      what: `end of ${id}`,
      run: (world) => void cancelSubscriptionNow(world, id, { keepsPending: true }),
    })
  }
  if (pending_update) {
    dues.push({
      at: pending_update.expires_at,
      what: `pending update of ${id}`,
      run: (world) => dropPending(world, subscription),
    })
  }
  const resumes = pause_collection?.resumes_at
  if (resumes != null) {
    dues.push({
      at: resumes,
      what: `collection for ${id}`,
      run: (world) => resumeCollection(world, subscription),
    })
  }
  if (status === 'paused') return dues
  const schedule = store.get('subscription_schedule', idOf(subscription.schedule) ?? '')
  if (schedule?.current_phase) {
    // While the subscription was paused the phase may have been over for long.
    const starts = subscription.items.data.map(({ current_period_start }) => current_period_start)
    const at = Math.max(schedule.current_phase.end_date, ...starts)
    dues.push({ at, what: `phase of ${schedule.id}`, run: (world) => endPhase(world, schedule) })
  }
  if (status === 'trialing' && trial_end !== null) {
    dues.push({ at: trial_end, what: `trial of ${id}`, run: (world) => endTrial(world, subscription) })
  } else {
    dues.push({
      at: renewalDue(subscription),
      what: `renewal of ${id}`,
      run: (world) => void renewSubscription(world, subscription),
    })
  }
  return dues
}

function invoiceDues(store: Store, invoice: Invoice): Due[] {
  const { id, status, automatically_finalizes_at, next_payment_attempt, due_date } = invoice
  if (status === 'draft' && invoice.auto_advance && automatically_finalizes_at !== null) {
    return [
      { at: automatically_finalizes_at, what: `draft ${id}`, run: (world) => advanceDraft(world, invoice) },
    ]
  }
  if (status !== 'open') return []
  if (invoice.collection_method === 'send_invoice') {
    if (due_date === null || invoice.attempted) return []
    return [{ at: due_date, what: `due date of ${id}`, run: (world) => markOverdue(world, invoice) }]
  }
  const dues: Due[] = []
  if (next_payment_attempt !== null) {
    dues.push({
      at: next_payment_attempt,
      what: `payment of ${id}`,
      run: (world) => void collectInvoice(world, invoice, { isAutomatic: true }),
    })
  }
  return [...dues, ...giveUp(store, invoice)]
}

/** When an unpaid invoice ends its subscription, or the attempt to resume it. */
function giveUp(store: Store, invoice: Invoice): Due[] {
  const subscription = store.get('subscription', subscriptionOf(invoice) ?? '')
  const since = invoice.status_transitions.finalized_at
  if (!subscription || since === null || !invoice.attempted) return []
  if (subscription.status === 'past_due' && invoice.auto_advance) {
    const end = (world: World) =>
      void cancelSubscriptionNow(world, subscription.id, { reason: 'payment_failed' })
    return [{ at: since + GIVE_UP_SECONDS, what: `end of ${subscription.id} over ${invoice.id}`, run: end }]
  }
  if (subscription.status === 'paused' && idOf(subscription.latest_invoice) === invoice.id) {
    return [
      {
        at: since + INCOMPLETE_SECONDS,
        what: `expiry of ${invoice.id}`,
        run: (world) => void voidInvoice(world, invoice),
      },
    ]
  }
  return []
}

/** A change that was not paid for in time is forgotten, and its invoice void. */
function dropPending(world: World, { id, latest_invoice }: Subscription): void {
  const invoice = world.store.get('invoice', idOf(latest_invoice) ?? '')
  if (invoice?.status === 'open') return void voidInvoice(world, invoice)
  const subscription = world.store.get('subscription', id)
  if (!subscription) return
  const after = world.store.put('subscription', { ...subscription, pending_update: null })
  world.emit('customer.subscription.pending_update_expired', 'subscription', after)
}
