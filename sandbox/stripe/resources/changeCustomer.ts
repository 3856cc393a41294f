import type Stripe from 'stripe'
import type Type from 'typebox'
import type { Static } from 'typebox'
import { given } from '../engine/given.ts'
import { mergeMetadata } from '../engine/metadata.ts'
import type { Objects, Wire } from '../objects.ts'
import type { addressParam, customerFields } from './customerParams.ts'

export type Customer = Exclude<Objects['customer'], { deleted: true }>
type Fields = Static<Type.TObject<typeof customerFields>>

/** The customer as these fields make it; what was not given stays. */
export function changeCustomer(held: Customer, fields: Fields): Customer {
  const { address, shipping, tax_exempt } = fields
  const names = {
    ...(fields.business_name !== undefined && { business_name: fields.business_name }),
    ...(fields.individual_name !== undefined && { individual_name: fields.individual_name }),
  }
  return {
    ...held,
    ...names,
    address: address ? wholeAddress(address) : given(held.address ?? null, address),
    balance: given(held.balance, fields.balance),
    description: given(held.description, fields.description),
    email: given(held.email, fields.email),
    invoice_prefix: given(held.invoice_prefix ?? null, fields.invoice_prefix),
    invoice_settings: changeInvoiceSettings(held.invoice_settings, fields.invoice_settings),
    metadata: mergeMetadata(held.metadata, fields.metadata),
    name: given(held.name ?? null, fields.name),
    next_invoice_sequence: given(held.next_invoice_sequence ?? 1, fields.next_invoice_sequence),
    phone: given(held.phone ?? null, fields.phone),
    preferred_locales: given(held.preferred_locales ?? [], fields.preferred_locales) ?? [],
    shipping: shipping ? wholeShipping(shipping) : given(held.shipping, shipping),
    tax_exempt: tax_exempt === '' ? 'none' : given(held.tax_exempt ?? 'none', tax_exempt),
  }
}

function changeInvoiceSettings(
  held: Customer['invoice_settings'],
  fields: Fields['invoice_settings'] = {},
): Customer['invoice_settings'] {
  return {
    ...held,
    custom_fields: given(held.custom_fields, fields.custom_fields),
    default_payment_method: given(held.default_payment_method, fields.default_payment_method),
    footer: given(held.footer, fields.footer),
  }
}

function wholeShipping({ address, name, phone }: Exclude<Fields['shipping'], '' | undefined>) {
  return { address: wholeAddress(address), name, phone: phone ?? null }
}

/** An address is replaced whole: what is not given is unset. */
export function wholeAddress(address: Static<typeof addressParam>): Wire<Stripe.Address> {
  const { city, country, line1, line2, postal_code, state } = address
  return {
    city: city || null,
    country: country || null,
    line1: line1 || null,
    line2: line2 || null,
    postal_code: postal_code || null,
    state: state || null,
  }
}
