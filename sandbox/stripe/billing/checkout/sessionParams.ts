import Type, { type Static } from 'typebox'
import { pageParams } from '../../engine/listPage.ts'
import { metadataParam } from '../../engine/metadata.ts'
import { rangeParam } from '../../engine/ranges.ts'
import { address, automaticTax, currency, flag, integer, maybe, seconds, text, words } from '../params.ts'
import { billingMode, invoiceSettings, trialSettings } from '../subscriptions/params.ts'

const metadata = maybe(Type.Record(text, text))

/** What the subscription will be made with: https://docs.stripe.com/api/checkout/sessions/create */
export const subscriptionData = Type.Object({
  billing_cycle_anchor: maybe(seconds),
  billing_mode: billingMode,
  description: maybe(text),
  invoice_settings: invoiceSettings,
  metadata,
  proration_behavior: maybe(words('create_prorations', 'none')),
  trial_end: maybe(seconds),
  trial_period_days: maybe(Type.Integer({ minimum: 1, maximum: 730 })),
  trial_settings: trialSettings,
})

const message = maybe(Type.Object({ message: text }))

export const createParams = Type.Object({
  allow_promotion_codes: maybe(flag),
  allowed_payment_method_types: maybe(Type.Array(text)),
  automatic_tax: automaticTax,
  billing_address_collection: maybe(words('auto', 'required')),
  cancel_url: maybe(address),
  client_reference_id: maybe(text),
  currency: maybe(currency),
  custom_text: maybe(
    Type.Object({
      after_submit: message,
      shipping_address: message,
      submit: message,
      terms_of_service_acceptance: message,
    }),
  ),
  customer: maybe(text),
  customer_email: maybe(text),
  customer_update: maybe(
    Type.Object({
      address: maybe(words('auto', 'never')),
      name: maybe(words('auto', 'never')),
      shipping: maybe(words('auto', 'never')),
    }),
  ),
  discounts: maybe(Type.Array(Type.Object({ coupon: maybe(text), promotion_code: maybe(text) }))),
  excluded_payment_method_types: maybe(Type.Array(text)),
  expires_at: maybe(seconds),
  line_items: maybe(
    Type.Array(
      Type.Object({
        adjustable_quantity: maybe(
          Type.Object({ enabled: flag, maximum: maybe(integer), minimum: maybe(integer) }),
        ),
        metadata,
        price: maybe(text),
        quantity: maybe(Type.Integer({ minimum: 1 })),
      }),
    ),
  ),
  locale: maybe(text),
  metadata,
  mode: maybe(words('payment', 'setup', 'subscription')),
  payment_method_collection: maybe(words('always', 'if_required')),
  phone_number_collection: maybe(Type.Object({ enabled: flag })),
  saved_payment_method_options: maybe(
    Type.Object({
      allow_redisplay_filters: maybe(Type.Array(text)),
      payment_method_remove: maybe(words('disabled', 'enabled')),
      payment_method_save: maybe(words('disabled', 'enabled')),
    }),
  ),
  subscription_data: maybe(subscriptionData),
  success_url: maybe(address),
  tax_id_collection: maybe(Type.Object({ enabled: flag, required: maybe(words('if_supported', 'never')) })),
  ui_mode: maybe(words('hosted_page', 'embedded_page', 'elements', 'form')),
})

export const updateParams = Type.Object({ metadata: metadataParam })

export const listParams = Type.Object({
  ...pageParams,
  created: rangeParam,
  customer: maybe(text),
  customer_details: maybe(Type.Object({ email: text })),
  status: maybe(words('complete', 'expired', 'open')),
  subscription: maybe(text),
})

export type CreateParams = Static<typeof createParams>
