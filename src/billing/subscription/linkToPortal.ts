import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import type { Customer } from '../checkout/customer.ts'

export type PortalFlow = 'payment_method' | 'cancel' | 'change_plan'

/**
 * A link into Stripe's portal, good for minutes and made for each click. `subscription` is what `flow` is about.
 * https://docs.stripe.com/api/customer_portal/sessions/create
 */
export async function linkToPortal(
  { config }: Pick<App, 'config'>,
  stripe: Stripe,
  customer: Customer,
  {
    flow = null,
    subscription = null,
    request = null,
  }: { flow?: PortalFlow | null; subscription?: string | null; request?: string | null } = {},
): Promise<string> {
  const flow_data = flowData(flow, subscription)
  const { url } = await stripe.billingPortal.sessions.create(
    {
      customer: customer.stripeId,
      return_url: `${config.publicUrl}/billing`,
      ...(flow_data && { flow_data }),
    },
    request === null ? {} : { idempotencyKey: `portal ${customer.id} ${request}` },
  )
  return url
}

function flowData(
  flow: PortalFlow | null,
  subscription: string | null,
): Stripe.BillingPortal.SessionCreateParams.FlowData | undefined {
  if (flow === 'payment_method') return { type: 'payment_method_update' }
  if (flow === null || !subscription) return undefined
  return flow === 'cancel'
    ? { type: 'subscription_cancel', subscription_cancel: { subscription } }
    : { type: 'subscription_update', subscription_update: { subscription } }
}
