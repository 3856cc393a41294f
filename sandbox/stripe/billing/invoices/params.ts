import Type from 'typebox'
import { pageParams } from '../../engine/listPage.ts'
import { metadataParam } from '../../engine/metadata.ts'
import { rangeParam } from '../../engine/ranges.ts'
import {
  automaticTax,
  currency,
  discountsParam,
  emptyable,
  flag,
  integer,
  maybe,
  seconds,
  text,
  words,
} from '../params.ts'

const collectionMethod = maybe(words('charge_automatically', 'send_invoice'))

export const createParams = Type.Object({
  auto_advance: maybe(flag),
  automatic_tax: automaticTax,
  collection_method: collectionMethod,
  currency: maybe(currency),
  customer: text,
  days_until_due: maybe(integer),
  default_payment_method: maybe(text),
  description: maybe(text),
  discounts: discountsParam,
  due_date: maybe(seconds),
  footer: maybe(text),
  metadata: metadataParam,
  pending_invoice_items_behavior: maybe(words('include', 'exclude')),
  subscription: maybe(text),
})

export const updateParams = Type.Object({
  auto_advance: maybe(flag),
  collection_method: collectionMethod,
  default_payment_method: maybe(text),
  description: maybe(emptyable(text)),
  due_date: maybe(seconds),
  footer: maybe(emptyable(text)),
  metadata: metadataParam,
})

export const listParams = Type.Object({
  ...pageParams,
  collection_method: collectionMethod,
  created: rangeParam,
  customer: maybe(text),
  due_date: rangeParam,
  status: maybe(words('draft', 'open', 'paid', 'uncollectible', 'void')),
  subscription: maybe(text),
})

export const payParams = Type.Object({
  forgive: maybe(flag),
  off_session: maybe(flag),
  paid_out_of_band: maybe(flag),
  payment_method: maybe(text),
})

export const paymentListParams = Type.Object({
  ...pageParams,
  created: rangeParam,
  invoice: maybe(text),
  payment: maybe(
    Type.Object({
      type: words('payment_intent', 'payment_record'),
      payment_intent: maybe(text),
      payment_record: maybe(text),
    }),
  ),
  status: maybe(words('canceled', 'open', 'paid')),
})

export const itemCreateParams = Type.Object({
  amount: maybe(integer),
  currency: maybe(currency),
  customer: text,
  description: maybe(text),
  discountable: maybe(flag),
  discounts: discountsParam,
  invoice: maybe(text),
  metadata: metadataParam,
  period: maybe(Type.Object({ start: seconds, end: seconds })),
  pricing: maybe(Type.Object({ price: maybe(text) })),
  quantity: maybe(Type.Integer({ minimum: 0 })),
  subscription: maybe(text),
  unit_amount_decimal: maybe(text),
})

export const itemListParams = Type.Object({
  ...pageParams,
  created: rangeParam,
  customer: maybe(text),
  invoice: maybe(text),
  pending: maybe(flag),
})
