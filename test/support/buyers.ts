import { v7 as uuidv7 } from 'uuid'
import { payCheckoutSession } from '../../sandbox/stripe/billing/payCheckoutSession.ts'
import { type Person, registerVerified, signIn } from './people.ts'
import type { StripeApp } from './stripeApp.ts'
import type { TestReply } from './testApp.ts'

const GOOD = '4242424242424242'
export const DECLINED = '4000000000000002'
export const FAILS_LATER = '4000000000000341'
export const ASKS_FOR_CONFIRMATION = '4000000000003184'

export interface Wanted {
  plan?: string
  interval?: 'month' | 'year'
  seats?: number
  promotion_code?: string
}

/** Asks for a page to pay on. */
export function checkout(t: StripeApp, person: Person, wanted: Wanted = {}): Promise<TestReply> {
  const body = { plan: 'pro', interval: 'month', ...wanted }
  return t.call('POST', '/v1/billing/checkout-session', { body, as: person.accessToken })
}

/** Does what the buyer does on the page. */
export function pay(t: StripeApp, session: string, { card = GOOD, authenticate = false } = {}) {
  return t.stripe.store.change(() => payCheckoutSession(t.stripe.at(), session, { card, authenticate }))
}

/** Somebody whose trial is over, so that buying costs something at once. */
export async function registerWithoutTrial(t: StripeApp): Promise<Person> {
  const person = await registerVerified(t)
  await t.app.pool.query(`update grants set until_at = from_at where account_id = $1`, [person.accountId])
  return person
}

/** Somebody who has bought a plan, with everything settled. */
export async function buyer(
  t: StripeApp,
  { card = GOOD, trial = false, ...wanted }: Wanted & { card?: string; trial?: boolean } = {},
): Promise<Person> {
  const person = trial ? await registerVerified(t) : await registerWithoutTrial(t)
  const reply = await checkout(t, person, wanted)
  if (reply.status !== 201) throw new Error(`Checkout answered ${reply.status}: ${reply.text}`)
  const { outcome } = pay(t, reply.body.id, { card })
  if (outcome !== 'complete') throw new Error(`Paying came out as ${outcome}`)
  await t.flush()
  return person
}

/** What the service says of somebody's account. Tokens outlive moved clocks by being refreshed. */
export async function stateOf(t: StripeApp, person: Person): Promise<TestReply['body']> {
  const reply = await t.call('GET', '/v1/billing/state', { as: await freshToken(t, person) })
  if (reply.status !== 200) throw new Error(`The state answered ${reply.status}: ${reply.text}`)
  return reply.body
}

/** An access token that is good at the moved clock; after a month without any, they sign in again. */
export async function freshToken(t: StripeApp, person: Person): Promise<string> {
  const refreshed = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })
  const reply = refreshed.status === 200 ? refreshed : await signIn(t, person.email)
  if (reply.status !== 200) throw new Error(`Signing in answered ${reply.status}: ${reply.text}`)
  person.refreshToken = reply.body.refresh_token
  person.accessToken = reply.body.access_token
  return person.accessToken
}

/** What Stripe holds of somebody's account: every subscription, the oldest first. */
export async function atStripe(t: StripeApp, person: Person) {
  const { rows } = await t.app.pool.query<{ stripe_customer_id: string }>(
    'select stripe_customer_id from stripe_customers where account_id = $1 and stripe_customer_id is not null',
    [person.accountId],
  )
  return rows.flatMap(({ stripe_customer_id }) => t.stripe.store.listOf('subscription', stripe_customer_id))
}

/** The one subscription of somebody's account. */
export async function subscriptionOf(t: StripeApp, person: Person) {
  const [one, ...more] = await atStripe(t, person)
  if (!one || more.length > 0)
    throw new Error(`There are ${more.length + (one ? 1 : 0)} subscriptions, not one`)
  return one
}

/** The mark of a checkout that somebody has paid, for a subscription that is said to come from it. */
export async function paidCheckout(t: StripeApp, person: Person): Promise<{ frontgate_checkout: string }> {
  const id = uuidv7()
  const { customer } = (await atStripe(t, person))[0] ?? {}
  const at = t.app.now()
  await t.app.db
    .insertInto('checkout_sessions')
    .values({
      id,
      account_id: person.accountId,
      stripe_customer_id: String(customer),
      wish: '{}',
      asked: '{}',
      status: 'complete',
      created_at: at,
      expires_at: at,
    })
    .execute()
  return { frontgate_checkout: id }
}

/** Calls an operation of billing as somebody. */
export async function bill(
  t: StripeApp,
  person: Person,
  path: string,
  body: object = {},
): Promise<TestReply> {
  return t.call('POST', `/v1/billing/${path}`, { body, as: await freshToken(t, person) })
}
