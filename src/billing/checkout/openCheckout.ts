import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { isLive } from '../../entitlements/truthTable.ts'
import { type Problem, problem } from '../../problems.ts'
import { isMissing, isStoredFailure, stripeErrorOf } from '../../stripe/errors.ts'
import { KEY_LIVES_MS } from '../../stripe/keys.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { CHECKOUT_KEY } from '../projection/rules.ts'
import { mirroredOf } from '../projection/subscriptions.ts'
import { seatMarks } from '../seats/rules.ts'
import { linkToPortal } from '../subscription/linkToPortal.ts'
import {
  type CheckoutRow,
  closeSession,
  isSameWish,
  noteMade,
  openSession,
  promiseSession,
} from './checkoutSessions.ts'
import { type Customer, ensureCustomer, findCustomer } from './customer.ts'
import type { Wish } from './rules.ts'

export interface CheckoutOrder {
  accountId: string
  userId: string
  wish: Wish
}

export interface OpenCheckout {
  id: string
  url: string
  expiresAt: Date
}

/** So that the key of an open session always means that session. */
const OPEN_FOR_MS = KEY_LIVES_MS
/** The time within which a promise is that of the request at hand. */
const FRESH_FOR_MS = 60_000
/** Each time round somebody else has changed what is open. */
const MOST_ROUNDS = 8

/**
 * A page of Stripe's on which to pay. The account has one open at a time: the same wish gets the one that is there,
 * another wish expires it first. Refused when the account is subscribed, which Stripe is asked, not believed of ourselves.
 */
export async function openCheckout(app: App, stripe: Stripe, order: CheckoutOrder): Promise<OpenCheckout> {
  const known = await findCustomer(app, order.accountId)
  if (known) await refuseIfSubscribed(app, stripe, order.accountId, known)
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const customer = await ensureCustomer(app, stripe, order)
    const open = await openSession(app, order.accountId)
    if (open && open.expires_at <= app.now()) {
      await closeSession(app, open.id, 'expired')
      continue
    }
    if (!open) {
      const at = app.now()
      const expiresAt = new Date(at.getTime() + OPEN_FOR_MS)
      const asked = (id: string) => askedOf(app, order, customer, { id, expiresAt })
      await promiseSession(app, { ...order, customer: customer.stripeId, asked, at, expiresAt })
      continue
    }
    const found = await settle(app, stripe, order, customer, open)
    if (found) return found
  }
  throw problem('change-in-progress')
}

/** Makes of an open session what the order needs; null when it is not open any more, so that the caller looks again. */
async function settle(
  app: App,
  stripe: Stripe,
  { accountId, wish }: CheckoutOrder,
  customer: Customer,
  open: CheckoutRow,
): Promise<OpenCheckout | null> {
  const isOurs = isSameWish(open, wish) && open.stripe_customer_id === customer.stripeId
  const session = await atStripe(app, stripe, customer, open)
  if (!session) return null
  if (session.status === 'complete') {
    await closeSession(app, open.id, 'complete')
    await refuseIfSubscribed(app, stripe, accountId, customer)
    return null
  }
  if (isOurs && session.status === 'open' && session.url) {
    return { id: session.id, url: session.url, expiresAt: new Date(session.expires_at * 1000) }
  }
  // Paid at this very moment it cannot be expired, and is found complete the next time round.
  if (session.status === 'open' && !(await expire(stripe, session.id))) return null
  await closeSession(app, open.id, 'expired')
  return null
}

/** The session as Stripe has it, made if it was only promised; null when it is of no use any more. */
async function atStripe(
  app: App,
  stripe: Stripe,
  customer: Customer,
  open: CheckoutRow,
): Promise<Stripe.Checkout.Session | null> {
  try {
    if (open.stripe_session_id) return await stripe.checkout.sessions.retrieve(open.stripe_session_id)
    const asked = open.asked as Stripe.Checkout.SessionCreateParams
    const made = await stripe.checkout.sessions.create(asked, { idempotencyKey: open.id })
    await noteMade(app, open.id, made.id)
    return made
  } catch (error) {
    if (isStoredFailure(error)) return madeAllTheSame(app, stripe, open, error)
    const known = stripeErrorOf(error)
    if (known?.type !== 'StripeInvalidRequestError') throw error
    await closeSession(app, open.id, 'expired')
    if (known.param?.startsWith('discounts') && isFresh(app, open)) throw unusablePromotionCode()
    // Deleted at Stripe: the look notes it, and the next time round there is a fresh one.
    if (isMissing(error) && known.param === 'customer')
      await projectCustomer(app, customer.stripeId, 'caller')
    else if (!isMissing(error) && isFresh(app, open)) throw error
    return null
  }
}

/** What an earlier request promised may no longer be possible, as a trial that has become too short by now. */
function isFresh(app: App, { created_at }: CheckoutRow): boolean {
  return app.now().getTime() - created_at.getTime() < FRESH_FOR_MS
}

/** Stripe repeats a failure for the same key. If there is a session all the same it is found by its mark, else the key is given up. */
async function madeAllTheSame(
  app: App,
  stripe: Stripe,
  open: CheckoutRow,
  error: unknown,
): Promise<Stripe.Checkout.Session> {
  const { data } = await stripe.checkout.sessions.list({ customer: open.stripe_customer_id, limit: 20 })
  const found = data.find(({ metadata }) => metadata?.[CHECKOUT_KEY] === open.id)
  if (found) {
    await noteMade(app, open.id, found.id)
    return found
  }
  await closeSession(app, open.id, 'expired')
  throw error
}

/** A code may be for first purchases only, for dearer ones, or used up. */
export function unusablePromotionCode(): Problem {
  const detail = 'is not a promotion code that can be used now'
  return problem('invalid-request', { errors: [{ pointer: '#/promotion_code', detail }] })
}

/** Without a key: expiring twice does no harm, while a refusal would be repeated for a day. */
async function expire(stripe: Stripe, session: string): Promise<boolean> {
  try {
    await stripe.checkout.sessions.expire(session)
    return true
  } catch (error) {
    if (stripeErrorOf(error)?.type === 'StripeInvalidRequestError') return false
    throw error
  }
}

/** Looks at Stripe first: a payment whose events are still under way counts. */
async function refuseIfSubscribed(
  app: App,
  stripe: Stripe,
  accountId: string,
  customer: Customer,
): Promise<void> {
  await projectCustomer(app, customer.stripeId, 'caller')
  const subscriptions = await mirroredOf(app.db, accountId)
  if (!subscriptions.some(isLive)) return
  throw problem('already-subscribed', { portal: await linkToPortal(app, stripe, customer) })
}

/** https://docs.stripe.com/api/checkout/sessions/create */
function askedOf(
  { config }: App,
  { wish, accountId }: CheckoutOrder,
  customer: Customer,
  { id, expiresAt }: { id: string; expiresAt: Date },
): Stripe.Checkout.SessionCreateParams {
  const metadata = { [CHECKOUT_KEY]: id, frontgate_account: accountId }
  return {
    mode: 'subscription',
    customer: customer.stripeId,
    client_reference_id: accountId,
    line_items: [{ price: wish.price, quantity: wish.quantity }],
    success_url: `${config.publicUrl}/billing/return?session_id={CHECKOUT_SESSION_ID}`,
    // The same page either way: it says what came of it.
    cancel_url: `${config.publicUrl}/billing/return?${new URLSearchParams({ canceled: wish.plan, interval: wish.interval })}`,
    expires_at: Math.floor(expiresAt.getTime() / 1000),
    metadata,
    // Metadata of the session does not reach the subscription by itself.
    subscription_data: {
      metadata: { ...metadata, ...(wish.asked !== null && seatMarks(wish.quantity, wish.asked)) },
      ...(wish.trialEnd !== null && { trial_end: Math.floor(Date.parse(wish.trialEnd) / 1000) }),
    },
    // Stripe takes a code that is given, or lets the buyer enter one.
    ...(wish.promotionCode !== null
      ? { discounts: [{ promotion_code: wish.promotionCode }] }
      : { allow_promotion_codes: config.checkoutPromotionCodes }),
    automatic_tax: { enabled: config.checkoutAutomaticTax },
    tax_id_collection: { enabled: config.checkoutTaxIds },
    billing_address_collection: config.checkoutBillingAddress,
    ...((config.checkoutAutomaticTax || config.checkoutTaxIds) && {
      customer_update: { address: 'auto', name: 'auto' },
    }),
  }
}
