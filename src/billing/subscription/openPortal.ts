import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { isLive } from '../../entitlements/truthTable.ts'
import { problem } from '../../problems.ts'
import { isMissing, stripeErrorOf } from '../../stripe/errors.ts'
import { findCustomer } from '../checkout/customer.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { shownSubscription } from '../projection/subscriptions.ts'
import { linkToPortal, type PortalFlow } from './linkToPortal.ts'

/** A link into Stripe's portal; refused for a customer that was deleted there, or without what the flow is about. */
export async function openPortal(
  app: App,
  stripe: Stripe,
  { accountId, flow, request }: { accountId: string; flow: PortalFlow | null; request: string | null },
): Promise<string> {
  const customer = await findCustomer(app, accountId)
  if (!customer) throw problem('no-subscription')
  const subscription = await shownSubscription(app.db, accountId)
  const isNeeded = flow === 'cancel' || flow === 'change_plan'
  if (isNeeded && !(subscription && isLive(subscription))) throw problem('no-subscription')
  const about = { flow, subscription: subscription?.id ?? null, request }
  try {
    return await linkToPortal(app, stripe, customer, about)
  } catch (error) {
    if (!isMissing(error) || stripeErrorOf(error)?.param !== 'customer') throw error
    // Deleted at Stripe though nothing had told of it: the look notes that.
    await projectCustomer(app, customer.stripeId, 'caller')
    throw problem('no-subscription')
  }
}
