import { getCustomer } from '../../resources/getCustomer.ts'
import { newId, type World } from '../../world.ts'
import { DAY } from '../calendar.ts'
import type { Session } from '../shapes.ts'
import { checkSession } from './checkSession.ts'
import { beginsWithTrial } from './orderedLines.ts'
import { type Reckoned, reckonSession } from './reckonSession.ts'
import type { CreateParams } from './sessionParams.ts'

/** Opens a session in which somebody can subscribe, at a page of the sandbox. */
export function createSession(world: World, params: CreateParams): Session {
  const prices = checkSession(world, params)
  const { customer = null, discounts = [], subscription_data: data = {}, line_items: items = [] } = params
  const id = newId('cs_test', 58)
  const lines = prices.map((price, place) => ({ price, quantity: items[place]?.quantity ?? 1 }))
  const reckoned = reckonSession(world, lines, { isTrial: beginsWithTrial(data), discounts })
  world.store.put('checkout_order', {
    id,
    lines: lines.map(({ price, quantity }) => ({ id: newId('li'), price: price.id, quantity })),
    data,
    discounts,
    customer_update: params.customer_update ?? {},
    subscription: null,
    failure: null,
  })
  return world.store.put('checkout.session', {
    ...unused(),
    ...asAsked(params),
    ...amounts(reckoned),
    ...ofCustomer(world, params),
    id,
    object: 'checkout.session',
    created: world.now(customer),
    currency: prices[0]?.currency ?? 'usd',
    discounts: discounts.map(({ coupon = null, promotion_code = null }) => ({ coupon, promotion_code })),
    expires_at: params.expires_at ?? world.now(customer) + DAY,
    invoice: null,
    livemode: false,
    mode: 'subscription',
    payment_status: 'unpaid',
    status: 'open',
    subscription: null,
    ui_mode: 'hosted_page',
    url: `${world.publicUrl}/stripe/checkout/${id}`,
  })
}

/** What a session costs, as it shows it. */
export function amounts({ subtotal, discount, total }: Reckoned) {
  return {
    amount_subtotal: subtotal,
    amount_total: total,
    total_details: { amount_discount: discount, amount_shipping: 0, amount_tax: 0 },
  } satisfies Partial<Session>
}

function ofCustomer(world: World, { customer: id, customer_email }: CreateParams) {
  const customer = id === undefined ? null : getCustomer(world, id, 'customer')
  const email = customer?.email ?? customer_email ?? null
  return {
    customer: customer?.id ?? null,
    customer_account: null,
    customer_creation: customer ? null : 'always',
    customer_details: email === null ? null : describeBuyer(email, customer?.name ?? null),
    customer_email: customer_email ?? null,
  } satisfies Partial<Session>
}

/** What a session says of the buyer. */
export function describeBuyer(
  email: string | null,
  name: string | null,
): NonNullable<Session['customer_details']> {
  return {
    address: null,
    business_name: null,
    email,
    individual_name: null,
    name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: null,
  }
}

function asAsked(params: CreateParams) {
  const { allowed_payment_method_types: allowed, automatic_tax: tax, tax_id_collection: taxIds } = params
  const { custom_text: texts = {}, saved_payment_method_options: saved } = params
  const isTaxed = tax?.enabled ?? false
  return {
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    allowed_payment_method_types: allowed ?? null,
    automatic_tax: {
      enabled: isTaxed,
      liability: isTaxed ? { type: 'self' } : null,
      provider: isTaxed ? 'stripe' : null,
      status: isTaxed ? 'complete' : null,
    },
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    custom_text: {
      after_submit: texts.after_submit ?? null,
      shipping_address: texts.shipping_address ?? null,
      submit: texts.submit ?? null,
      terms_of_service_acceptance: texts.terms_of_service_acceptance ?? null,
    },
    locale: params.locale ?? null,
    metadata: params.metadata ?? {},
    payment_method_collection: params.payment_method_collection ?? 'always',
    phone_number_collection: params.phone_number_collection ?? { enabled: false },
    saved_payment_method_options: {
      allow_redisplay_filters: saved?.allow_redisplay_filters ?? ['always'],
      payment_method_remove: saved?.payment_method_remove ?? 'disabled',
      payment_method_save: saved?.payment_method_save ?? null,
    },
    success_url: params.success_url ?? null,
    ...(params.excluded_payment_method_types && {
      excluded_payment_method_types: params.excluded_payment_method_types,
    }),
    ...(taxIds && { tax_id_collection: { enabled: taxIds.enabled, required: taxIds.required ?? 'never' } }),
  } satisfies Partial<Session>
}

function unused() {
  return {
    adaptive_pricing: null,
    after_expiration: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    currency_conversion: null,
    custom_fields: [],
    integration_identifier: null,
    invoice_creation: null,
    managed_payments: null,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    permissions: null,
    recovered_from: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    submit_type: null,
    wallet_options: null,
  } satisfies Partial<Session>
}
