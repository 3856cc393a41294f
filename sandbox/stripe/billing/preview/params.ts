import Type, { type Static } from 'typebox'
import { metadataParam } from '../../engine/metadata.ts'
import {
  automaticTax,
  currency,
  discountsParam,
  emptyable,
  flag,
  maybe,
  prorationBehavior,
  seconds,
  text,
  words,
} from '../params.ts'
import { billingMode, updateParams } from '../subscriptions/params.ts'

/** As https://docs.stripe.com/api/invoices/create_preview, for what the sandbox can reckon. */
export const previewParams = Type.Object({
  automatic_tax: automaticTax,
  currency: maybe(currency),
  customer: maybe(text),
  discounts: discountsParam,
  preview_mode: maybe(words('next', 'recurring')),
  schedule: maybe(text),
  subscription: maybe(text),
  subscription_details: maybe(
    Type.Object({
      billing_cycle_anchor: maybe(
        Type.Union([
          words('now', 'unchanged'),
          Type.Object({ type: words('now', 'unchanged', 'timestamp'), timestamp: maybe(seconds) }),
        ]),
      ),
      billing_mode: billingMode,
      cancel_at: maybe(Type.Union([emptyable(words('min_period_end', 'max_period_end')), seconds])),
      cancel_at_period_end: maybe(flag),
      cancel_now: maybe(flag),
      items: updateParams.properties.items,
      metadata: metadataParam,
      proration_behavior: prorationBehavior,
      proration_date: maybe(seconds),
      resume_at: maybe(words('now')),
      start_date: maybe(seconds),
      trial_end: maybe(Type.Union([Type.Literal('now'), seconds])),
    }),
  ),
})

export type PreviewParams = Static<typeof previewParams>
export type PreviewDetails = NonNullable<PreviewParams['subscription_details']>
