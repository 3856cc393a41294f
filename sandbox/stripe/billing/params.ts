import Type, { type TSchema } from 'typebox'

/** A parameter that can be unset by ''. */
export const emptyable = <T extends TSchema>(schema: T) => Type.Union([Type.Literal(''), schema])

/** One of these words. */
export const words = <T extends string>(...values: T[]) => Type.Enum(values)

export const text = Type.String()
export const currency = Type.String({ format: 'currency' })
export const address = Type.String({ format: 'url' })
export const integer = Type.Integer()
/** An instant. */
export const seconds = Type.Integer()
export const flag = Type.Boolean()

/** Parameters that some operation takes, or not. */
export const maybe = Type.Optional

const discountParam = Type.Object({
  coupon: maybe(text),
  promotion_code: maybe(text),
  discount: maybe(text),
})

export const discountsParam = maybe(emptyable(Type.Array(discountParam)))

const FEEDBACK = [
  'customer_service',
  'low_quality',
  'missing_features',
  'other',
  'switched_service',
  'too_complex',
  'too_expensive',
  'unused',
] as const

/** Why somebody leaves, in one of the words that Stripe has for it. */
export type Feedback = (typeof FEEDBACK)[number]

export const cancellationDetails = maybe(
  Type.Object({
    comment: maybe(emptyable(text)),
    feedback: maybe(emptyable(words(...FEEDBACK))),
    feedback_option: maybe(text),
  }),
)

export const automaticTax = maybe(
  Type.Object({
    enabled: flag,
    liability: maybe(Type.Object({ type: text, account: maybe(text) })),
  }),
)

export const prorationBehavior = maybe(words('create_prorations', 'always_invoice', 'none'))
