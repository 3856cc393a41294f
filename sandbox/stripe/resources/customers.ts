import Type from 'typebox'
import { maybe, text } from '../billing/params.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import { operation } from '../operation.ts'
import { noSuch } from '../refusal.ts'
import type { World } from '../world.ts'
import { attachPaymentMethod } from './attachPaymentMethod.ts'
import { buildCustomer } from './buildCustomer.ts'
import { changeCustomer } from './changeCustomer.ts'
import { customerFields } from './customerParams.ts'
import { deleteCustomer } from './deleteCustomer.ts'
import { getCustomer } from './getCustomer.ts'
import { joinTestClock } from './testClocks.ts'

const create = operation({
  method: 'POST',
  path: '/v1/customers',
  params: Type.Object({ ...customerFields, payment_method: maybe(text), test_clock: maybe(text) }),
  handle(world, { payment_method, test_clock, ...fields }) {
    const clock = test_clock === undefined ? null : joinTestClock(world, test_clock)
    const blank = buildCustomer(clock?.frozen_time ?? world.now(), clock?.id ?? null)
    const { invoice_settings, ...others } = fields
    const customer = changeCustomer(blank, others)
    world.store.put('customer', customer)
    world.emit('customer.created', 'customer', customer)
    const method =
      payment_method === undefined ? null : attachPaymentMethod(world, payment_method, customer.id)
    if (!invoice_settings) return customer
    // A token may be named in both places, and stands for the same payment method.
    const isSame = method && invoice_settings.default_payment_method === payment_method
    const settings = isSame ? { ...invoice_settings, default_payment_method: method.id } : invoice_settings
    refuseForeign(world, customer.id, settings.default_payment_method)
    return world.store.put('customer', changeCustomer(customer, { invoice_settings: settings }))
  },
})

/** A default payment method must be one of the customer's own. */
function refuseForeign({ store }: World, customer: string, method: string | undefined): void {
  if (!method || store.get('payment_method', method)?.customer === customer) return
  throw noSuch('PaymentMethod', method, 'invoice_settings[default_payment_method]')
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/customers/:id',
  params: Type.Object({}),
  handle({ store }, _params, { id }) {
    const customer = store.get('customer', id)
    if (!customer) throw noSuch('customer', id)
    return customer
  },
})

const update = operation({
  method: 'POST',
  path: '/v1/customers/:id',
  params: Type.Object(customerFields),
  handle(world, fields, { id }) {
    const held = getCustomer(world, id)
    refuseForeign(world, id, fields.invoice_settings?.default_payment_method)
    return replace(world, 'customer', held, changeCustomer(held, fields))
  },
})

const remove = operation({
  method: 'DELETE',
  path: '/v1/customers/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => deleteCustomer(world, getCustomer(world, id)),
})

const list = operation({
  method: 'GET',
  path: '/v1/customers',
  params: Type.Object({
    ...pageParams,
    created: rangeParam,
    email: maybe(text),
    test_clock: maybe(text),
  }),
  handle({ store }, { created, email, test_clock = null, ...page }) {
    const found = store
      .list('customer')
      .filter((customer) => !customer.deleted)
      .filter((customer) => email === undefined || customer.email === email)
      // Those on a test clock are listed by their clock only: https://docs.stripe.com/api/customers/list
      .filter((customer) => customer.test_clock === test_clock)
      .filter((customer) => isWithin(created, customer.created))
    return listPage(store, found, page)
  },
})

export const customerOperations = [create, retrieve, update, remove, list]
