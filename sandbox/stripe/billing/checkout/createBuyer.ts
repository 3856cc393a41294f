import { newId, type World } from '../../world.ts'
import type { Customer } from '../shapes.ts'

/** Makes a customer of somebody who is known by nothing but what they typed into the page. */
export function createBuyer(
  world: World,
  { email, name }: { email: string | null; name: string | null },
): Customer {
  const customer: Customer = {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: world.now(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email,
    invoice_prefix: newId('', 8).slice(1).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
  world.store.put('customer', customer)
  world.emit('customer.created', 'customer', customer)
  return customer
}
