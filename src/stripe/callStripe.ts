import type Stripe from 'stripe'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'
import { refusalOf } from './errors.ts'

/** Lets `work` talk to Stripe on behalf of a caller, and turns what goes wrong there into a refusal they understand. */
export async function callStripe<T>(app: App, work: (stripe: Stripe) => Promise<T>): Promise<T> {
  if (!app.stripe) throw problem('stripe-not-configured')
  try {
    return await work(await app.stripe.client())
  } catch (error) {
    throw refusalOf(error)
  }
}
