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

const metadata = maybe(Type.Record(text, text))
const instant = maybe(Type.Union([Type.Literal('now'), seconds]))

const phase = Type.Object({
  automatic_tax: automaticTax,
  collection_method: maybe(words('charge_automatically', 'send_invoice')),
  currency: maybe(currency),
  default_payment_method: maybe(text),
  description: maybe(emptyable(text)),
  discounts: discountsParam,
  duration: maybe(
    Type.Object({
      interval: words('day', 'week', 'month', 'year'),
      interval_count: maybe(Type.Integer({ minimum: 1 })),
    }),
  ),
  end_date: instant,
  items: Type.Array(Type.Object({ metadata, price: text, quantity: maybe(Type.Integer({ minimum: 0 })) })),
  metadata,
  proration_behavior: prorationBehavior,
  start_date: instant,
  trial: maybe(flag),
  trial_end: instant,
})

const phasesParam = maybe(Type.Array(phase))
const endBehavior = maybe(words('release', 'cancel'))

export const createParams = Type.Object({
  from_subscription: maybe(text),
  customer: maybe(text),
  end_behavior: endBehavior,
  metadata: metadataParam,
  phases: phasesParam,
  start_date: instant,
})

export const updateParams = Type.Object({
  end_behavior: endBehavior,
  metadata: metadataParam,
  phases: phasesParam,
  proration_behavior: prorationBehavior,
})

export type PhaseParams = Static<typeof phase>
export type UpdateParams = Static<typeof updateParams>
