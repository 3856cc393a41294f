import type { FrontgateClient } from '../api/createClient.ts'
import { FrontgateProblem, unwrap } from '../api/problem.ts'

export type Interval = 'month' | 'year'

/** The address at Stripe to pay for a plan on; of its portal, where the account has a subscription already. */
export async function findCheckout(
  client: FrontgateClient,
  plan: string,
  interval: Interval,
): Promise<string> {
  try {
    const body = { plan, interval }
    return unwrap(await client.api.POST('/v1/billing/checkout-session', { body })).url
  } catch (thrown) {
    const isSubscribed = thrown instanceof FrontgateProblem && thrown.code === 'already-subscribed'
    if (isSubscribed && typeof thrown.members.portal === 'string') return thrown.members.portal
    throw thrown
  }
}

/** The address of Stripe's portal, good for minutes: ask when it is pressed. */
export async function findPortal(
  client: FrontgateClient,
  flow?: 'payment_method' | 'cancel' | 'change_plan',
): Promise<string> {
  return unwrap(await client.api.POST('/v1/billing/portal-session', { body: flow ? { flow } : {} })).url
}
