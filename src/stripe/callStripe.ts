import type Stripe from 'stripe'
import type { App } from '../app.ts'
import type { MemberActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { refusalOf } from './errors.ts'

/** How often one account, and one user over all accounts, may have Stripe asked: turns to read it are shared by all. */
const MOST_CALLS = { most: 120, windowSeconds: 60 }

/** Lets `work` talk to Stripe on behalf of a caller, and turns what goes wrong there into a refusal they understand. */
export async function callStripe<T>(
  app: App,
  { accountId, userId }: Pick<MemberActor, 'accountId' | 'userId'>,
  work: (stripe: Stripe) => Promise<T>,
): Promise<T> {
  if (!app.stripe) throw problem('stripe-not-configured')
  const { retryAfterSeconds } = await app.limiter.take(
    [`stripe ${accountId}`, `stripe user ${userId}`].map((key) => ({ key, ...MOST_CALLS })),
    app.now(),
  )
  if (retryAfterSeconds !== null) throw problem('too-many-requests', undefined, { retryAfterSeconds })
  try {
    return await work(await app.stripe.client())
  } catch (error) {
    throw refusalOf(error)
  }
}
