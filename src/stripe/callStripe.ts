import type Stripe from 'stripe'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'
import { refusalOf } from './errors.ts'

/** How often members of an account may have Stripe asked: reading takes turns that all accounts share. */
const MOST_CALLS = { most: 120, windowSeconds: 60 }

/** Lets `work` talk to Stripe on behalf of a caller, and turns what goes wrong there into a refusal they understand. */
export async function callStripe<T>(
  app: App,
  accountId: string,
  work: (stripe: Stripe) => Promise<T>,
): Promise<T> {
  if (!app.stripe) throw problem('stripe-not-configured')
  const { retryAfterSeconds } = await app.limiter.take(
    [{ key: `stripe ${accountId}`, ...MOST_CALLS }],
    app.now(),
  )
  if (retryAfterSeconds !== null) throw problem('too-many-requests', undefined, { retryAfterSeconds })
  try {
    return await work(await app.stripe.client())
  } catch (error) {
    throw refusalOf(error)
  }
}
