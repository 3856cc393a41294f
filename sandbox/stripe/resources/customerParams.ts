import Type from 'typebox'
import { emptyable, flag, maybe, text, words } from '../billing/params.ts'
import { metadataParam } from '../engine/metadata.ts'

export const addressParam = Type.Object({
  city: maybe(emptyable(text)),
  country: maybe(emptyable(text)),
  line1: maybe(emptyable(text)),
  line2: maybe(emptyable(text)),
  postal_code: maybe(emptyable(text)),
  state: maybe(emptyable(text)),
})

/** What a customer is made with and changed by; email, name and the like are unset by ''. */
export const customerFields = {
  address: maybe(emptyable(addressParam)),
  balance: maybe(Type.Integer()),
  business_name: maybe(emptyable(text)),
  description: maybe(emptyable(text)),
  email: maybe(emptyable(text)),
  individual_name: maybe(emptyable(text)),
  invoice_prefix: maybe(text),
  invoice_settings: maybe(
    Type.Object({
      custom_fields: maybe(emptyable(Type.Array(Type.Object({ name: text, value: text })))),
      default_payment_method: maybe(emptyable(text)),
      footer: maybe(emptyable(text)),
    }),
  ),
  metadata: metadataParam,
  name: maybe(emptyable(text)),
  next_invoice_sequence: maybe(Type.Integer({ minimum: 1 })),
  phone: maybe(emptyable(text)),
  preferred_locales: maybe(emptyable(Type.Array(text))),
  shipping: maybe(emptyable(Type.Object({ address: addressParam, name: text, phone: maybe(text) }))),
  tax: maybe(
    Type.Object({
      ip_address: maybe(emptyable(text)),
      validate_location: maybe(words('auto', 'deferred', 'immediately')),
    }),
  ),
  tax_exempt: maybe(emptyable(words('exempt', 'none', 'reverse'))),
  validate: maybe(flag),
}
