import type { components } from '@frontgate/client'

type BillingState = components['schemas']['BillingState']

/** What came of a checkout; `nothing` where the page to pay on was left without paying. */
export type Outcome = 'paid' | 'incomplete' | 'failed' | 'processing' | 'nothing'

/** Reads what came of a checkout from the state that Stripe was asked for after it. */
export function outcomeOf({
  subscription,
  actions,
}: Pick<BillingState, 'subscription' | 'actions'>): Outcome {
  const { status, interval } = subscription
  if (status === 'active' || (status === 'trialing' && interval !== null)) return 'paid'
  if (status === 'incomplete') return 'incomplete'
  if (status === 'past_due' || status === 'unpaid' || status === 'incomplete_expired') return 'failed'
  return actions.checkout ? 'nothing' : 'processing'
}
