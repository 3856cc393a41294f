import Type, { type Static } from 'typebox'
import { listPage } from '../../engine/listPage.ts'
import { mergeMetadata } from '../../engine/metadata.ts'
import { replace } from '../../engine/replace.ts'
import type { Objects } from '../../objects.ts'
import { type Operation, operation } from '../../operation.ts'
import { StripeRefusal } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import { newId, type World } from '../../world.ts'
import { customerOf, type PortalConfiguration } from '../shapes.ts'
import { getLiveSubscription } from '../subscriptions/items.ts'
import { blankConfiguration, getConfiguration } from './configuration.ts'
import { configurationListParams, configurationParams, sessionParams } from './params.ts'

type Session = Objects['billing_portal.session']
type Features = PortalConfiguration['features']
type SessionParams = Static<typeof sessionParams>
const KIND = 'billing_portal.configuration'
/** Unless a product says otherwise. */
const FIXED_QUANTITY = { enabled: false, maximum: null, minimum: 0 }

/** https://docs.stripe.com/api/customer_portal */
export const portalOperations: Operation[] = [
  operation({
    method: 'POST',
    path: '/v1/billing_portal/sessions',
    params: sessionParams,
    handle: createSession,
  }),
  operation({
    method: 'POST',
    path: '/v1/billing_portal/configurations',
    params: configurationParams,
    handle: (world, params) => world.store.put(KIND, change(blankConfiguration(world.now()), params)),
  }),
  operation({
    method: 'GET',
    path: '/v1/billing_portal/configurations',
    params: configurationListParams,
    handle(world, { active, is_default, ...page }) {
      getConfiguration(world)
      const listed = world.store
        .list(KIND)
        .filter((one) => active === undefined || one.active === active)
        .filter((one) => is_default === undefined || one.is_default === is_default)
      return listPage(world.store, listed, page)
    },
  }),
  operation({
    method: 'GET',
    path: '/v1/billing_portal/configurations/:id',
    params: Type.Object({}),
    handle: (world, _, { id }) => getConfiguration(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/billing_portal/configurations/:id',
    params: configurationParams,
    handle(world, params, { id }) {
      const held = getConfiguration(world, id)
      return replace(world, KIND, held, { ...change(held, params), updated: world.now() })
    },
  }),
]

function createSession(world: World, params: SessionParams): Session {
  const customer = getCustomer(world, params.customer, 'customer')
  const configuration = getConfiguration(world, params.configuration, 'configuration')
  const id = newId('bps')
  return world.store.put('billing_portal.session', {
    id,
    object: 'billing_portal.session',
    configuration: configuration.id,
    created: world.now(customer.id),
    customer: customer.id,
    customer_account: null,
    flow: params.flow_data ? flowOf(world, customer.id, params.flow_data) : null,
    livemode: false,
    locale: params.locale ?? null,
    on_behalf_of: null,
    return_url: params.return_url ?? configuration.default_return_url,
    url: `${world.publicUrl}/stripe/portal/${id}`,
  })
}

function flowOf(
  world: World,
  customer: string,
  data: NonNullable<SessionParams['flow_data']>,
): Session['flow'] {
  const { type, after_completion: after, subscription_cancel, subscription_update } = data
  const confirm = data.subscription_update_confirm
  const about = { subscription_cancel, subscription_update, subscription_update_confirm: confirm }
  if (type !== 'payment_method_update') checkSubscription(world, customer, type, about[type]?.subscription)
  return {
    type,
    after_completion: {
      hosted_confirmation: after?.hosted_confirmation
        ? { custom_message: after.hosted_confirmation.custom_message ?? null }
        : null,
      redirect: after?.redirect ?? null,
      type: after?.type ?? 'portal_homepage',
    },
    customer_update: null,
    subscription_cancel: subscription_cancel ? { retention: null, ...subscription_cancel } : null,
    subscription_pause: null,
    subscription_update: subscription_update ?? null,
    subscription_update_confirm: confirm
      ? {
          discounts: (confirm.discounts ?? []).map(({ coupon = null, promotion_code = null }) => ({
            coupon,
            promotion_code,
          })),
          items: confirm.items.map(({ id, price = null, quantity = 1 }) => ({ id, price, quantity })),
          subscription: confirm.subscription,
        }
      : null,
  }
}

function checkSubscription(world: World, customer: string, type: string, id: string | undefined): void {
  const param = `flow_data[${type}][subscription]`
  if (id === undefined) {
    throw new StripeRefusal(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
  }
  const subscription = getLiveSubscription(world, id, param)
  if (customerOf(subscription) !== customer) {
    throw new StripeRefusal(`The subscription ${id} does not belong to the customer ${customer}.`, { param })
  }
  const isEnding = subscription.cancel_at !== null || subscription.cancel_at_period_end
  if (type === 'subscription_cancel' && isEnding) {
    throw new StripeRefusal('The subscription is already set to be canceled.', { param })
  }
}

function change(held: PortalConfiguration, params: Static<typeof configurationParams>): PortalConfiguration {
  const { features = {}, business_profile: profile = {}, metadata, login_page, active } = params
  return {
    ...held,
    ...(active !== undefined && { active }),
    business_profile: { ...held.business_profile, ...emptied(profile, null) },
    ...(params.default_return_url !== undefined && { default_return_url: params.default_return_url || null }),
    features: changeFeatures(held.features, features),
    ...(login_page && { login_page: { enabled: login_page.enabled, url: null } }),
    metadata: mergeMetadata(held.metadata, metadata),
    ...(params.name !== undefined && { name: params.name || null }),
  }
}

function changeFeatures(held: Features, given: object): Features {
  const asked = new Map(Object.entries(given))
  const features = Object.fromEntries(
    Object.entries(held).map(([name, feature]) => [
      name,
      { ...feature, ...emptied(asked.get(name) ?? {}, []) },
    ]),
  ) as unknown as Features
  const { products } = features.subscription_update
  if (!products) return features
  const whole = products.map((product) => ({
    ...product,
    adjustable_quantity: { ...FIXED_QUANTITY, ...product.adjustable_quantity },
  }))
  return { ...features, subscription_update: { ...features.subscription_update, products: whole } }
}

/** With what was unset by '' as Stripe has it then. */
function emptied(given: object, unset: unknown): object {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value === '' ? unset : value]),
  )
}
