import Type, { type Static } from 'typebox'
import { metadataParam } from '../../engine/metadata.ts'
import {
  automaticTax,
  cancellationDetails,
  currency,
  discountsParam,
  emptyable,
  flag,
  integer,
  maybe,
  prorationBehavior,
  seconds,
  text,
  words,
} from '../params.ts'

const paymentBehavior = maybe(
  words('allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'),
)
const cancelWords = words('min_period_end', 'max_period_end', 'max_billed_until')

/** What becomes of a trial that ends without a payment method. */
export const trialSettings = maybe(
  Type.Object({
    end_behavior: Type.Object({
      billing_cycle_anchor: maybe(words('now', 'unchanged')),
      missing_payment_method: words('cancel', 'pause', 'create_invoice'),
    }),
  }),
)

/** Only the mode that new subscriptions have is known here. */
export const billingMode = maybe(
  Type.Object({
    type: words('flexible'),
    flexible: maybe(Type.Object({ proration_discounts: maybe(words('included', 'itemized')) })),
  }),
)

export const invoiceSettings = maybe(
  Type.Object({
    account_tax_ids: maybe(emptyable(Type.Array(text))),
    custom_fields: maybe(emptyable(Type.Array(Type.Object({ name: text, value: text })))),
    description: maybe(emptyable(text)),
    footer: maybe(emptyable(text)),
    issuer: maybe(Type.Object({ type: text, account: maybe(text) })),
  }),
)

const common = {
  automatic_tax: automaticTax,
  cancel_at_period_end: maybe(flag),
  collection_method: maybe(words('charge_automatically', 'send_invoice')),
  days_until_due: maybe(integer),
  default_payment_method: maybe(text),
  description: maybe(emptyable(text)),
  discounts: discountsParam,
  invoice_settings: invoiceSettings,
  metadata: metadataParam,
  off_session: maybe(flag),
  payment_behavior: paymentBehavior,
  payment_settings: maybe(
    Type.Object({
      payment_method_types: maybe(emptyable(Type.Array(text))),
      save_default_payment_method: maybe(words('off', 'on_subscription')),
    }),
  ),
  proration_behavior: prorationBehavior,
  trial_end: maybe(Type.Union([Type.Literal('now'), seconds])),
  trial_from_plan: maybe(flag),
  trial_settings: trialSettings,
}

const newItem = Type.Object({
  discounts: discountsParam,
  metadata: metadataParam,
  price: maybe(text),
  quantity: maybe(Type.Integer({ minimum: 0 })),
})

export const createParams = Type.Object({
  ...common,
  billing_cycle_anchor: maybe(seconds),
  billing_mode: billingMode,
  cancel_at: maybe(Type.Union([cancelWords, seconds])),
  currency: maybe(currency),
  customer: text,
  items: Type.Array(newItem),
  trial_period_days: maybe(Type.Integer({ minimum: 1, maximum: 730 })),
})

export const updateParams = Type.Object({
  ...common,
  billing_cycle_anchor: maybe(Type.Object({ type: words('now', 'unchanged') })),
  cancel_at: maybe(Type.Union([Type.Literal(''), cancelWords, seconds])),
  cancellation_details: cancellationDetails,
  items: maybe(
    Type.Array(
      Type.Object({
        clear_usage: maybe(flag),
        deleted: maybe(flag),
        discounts: discountsParam,
        id: maybe(text),
        metadata: metadataParam,
        price: maybe(text),
        quantity: maybe(Type.Integer({ minimum: 0 })),
      }),
    ),
  ),
  pause_collection: maybe(
    emptyable(
      Type.Object({
        behavior: words('keep_as_draft', 'mark_uncollectible', 'void'),
        resumes_at: maybe(seconds),
      }),
    ),
  ),
  proration_date: maybe(seconds),
})

export type CreateParams = Static<typeof createParams>
export type UpdateParams = Static<typeof updateParams>
export type ItemChange = NonNullable<UpdateParams['items']>[number]
