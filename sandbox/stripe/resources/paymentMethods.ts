import Type from 'typebox'
import { emptyable, maybe, text, words } from '../billing/params.ts'
import { given } from '../engine/given.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'
import { attachPaymentMethod, detachPaymentMethod } from './attachPaymentMethod.ts'
import { createPaymentMethod } from './cards.ts'
import { wholeAddress } from './changeCustomer.ts'
import { addressParam } from './customerParams.ts'
import { getCustomer } from './getCustomer.ts'

type PaymentMethod = Objects['payment_method']

const allowRedisplay = maybe(words('always', 'limited', 'unspecified'))
const billingDetails = maybe(
  Type.Object({
    address: maybe(emptyable(addressParam)),
    email: maybe(emptyable(text)),
    name: maybe(emptyable(text)),
    phone: maybe(emptyable(text)),
  }),
)
const expiry = {
  exp_month: maybe(Type.Integer({ minimum: 1, maximum: 12 })),
  exp_year: maybe(Type.Integer({ minimum: 2000, maximum: 9999 })),
}

type Expiry = Record<'exp_month' | 'exp_year', number>

function getPaymentMethod({ store }: World, id: string): PaymentMethod {
  const method = store.get('payment_method', id)
  if (!method) throw noSuch('PaymentMethod', id)
  return method
}

function changeMethod(held: PaymentMethod, params: Type.Static<typeof updateParams>): PaymentMethod {
  const { address, ...details } = params.billing_details ?? {}
  const billing = held.billing_details
  return {
    ...held,
    allow_redisplay: given(held.allow_redisplay ?? 'unspecified', params.allow_redisplay),
    billing_details: {
      ...billing,
      address: address ? wholeAddress(address) : given(billing.address, address),
      email: given(billing.email, details.email),
      name: given(billing.name, details.name),
      phone: given(billing.phone, details.phone),
    },
    ...(held.card && {
      card: {
        ...held.card,
        exp_month: given(held.card.exp_month, params.card?.exp_month),
        exp_year: given(held.card.exp_year, params.card?.exp_year),
      },
    }),
    metadata: mergeMetadata(held.metadata, params.metadata),
  }
}

/** https://docs.stripe.com/error-codes#invalid-expiry-year */
function checkExpiry({ exp_month: month, exp_year: year }: Partial<Expiry>, now: number): void {
  const today = new Date(now * 1000)
  if (year === undefined || year > today.getUTCFullYear()) return
  const isThisYear = year === today.getUTCFullYear()
  if (isThisYear && (month === undefined || month > today.getUTCMonth())) return
  const part = isThisYear ? 'month' : 'year'
  throw new StripeRefusal(`Your card's expiration ${part} is invalid.`, {
    status: 402,
    type: 'card_error',
    code: `invalid_expiry_${part}`,
    param: `exp_${part}`,
  })
}

const updateParams = Type.Object({
  allow_redisplay: allowRedisplay,
  billing_details: billingDetails,
  card: maybe(Type.Object(expiry)),
  metadata: metadataParam,
})

const create = operation({
  method: 'POST',
  path: '/v1/payment_methods',
  params: Type.Object({
    type: words('card'),
    allow_redisplay: allowRedisplay,
    billing_details: billingDetails,
    card: Type.Object({ ...expiry, number: maybe(text), token: maybe(text), cvc: maybe(text) }),
    metadata: metadataParam,
  }),
  handle(world, { card: { number, token, cvc: _cvc, ...card }, type: _type, ...params }) {
    const source = number ?? token
    if (source === undefined) {
      throw new StripeRefusal('Missing required param: card[number].', {
        code: 'parameter_missing',
        param: 'card[number]',
      })
    }
    checkExpiry(card, world.now())
    const method = createPaymentMethod(world, source, null)
    return world.store.put('payment_method', changeMethod(method, { ...params, card }))
  },
})

const retrieve = operation({
  method: 'GET',
  path: '/v1/payment_methods/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getPaymentMethod(world, id),
})

const update = operation({
  method: 'POST',
  path: '/v1/payment_methods/:id',
  params: updateParams,
  handle(world, params, { id }) {
    const held = getPaymentMethod(world, id)
    if (params.card) checkExpiry({ ...held.card, ...params.card }, world.now(held.customer as string | null))
    return replace(world, 'payment_method', held, changeMethod(held, params))
  },
})

const attach = operation({
  method: 'POST',
  path: '/v1/payment_methods/:id/attach',
  params: Type.Object({ customer: text }),
  handle: (world, { customer }, { id }) =>
    attachPaymentMethod(world, id, getCustomer(world, customer, 'customer').id),
})

const detach = operation({
  method: 'POST',
  path: '/v1/payment_methods/:id/detach',
  params: Type.Object({}),
  handle: (world, _params, { id }) => detachPaymentMethod(world, getPaymentMethod(world, id)),
})

const list = operation({
  method: 'GET',
  path: '/v1/payment_methods',
  params: Type.Object({ ...pageParams, customer: maybe(text), type: maybe(text) }),
  handle(world, { customer, type, ...page }) {
    if (customer === undefined) return listPage(world.store, [], page)
    return listPage(world.store, methodsOf(world, getCustomer(world, customer, 'customer').id, type), page)
  },
})

const listOfCustomer = operation({
  method: 'GET',
  path: '/v1/customers/:id/payment_methods',
  params: Type.Object({ ...pageParams, allow_redisplay: allowRedisplay, type: maybe(text) }),
  handle(world, { type, allow_redisplay, ...page }, { id }) {
    const found = methodsOf(world, getCustomer(world, id).id, type)
    return listPage(
      world.store,
      found.filter((method) => allow_redisplay === undefined || method.allow_redisplay === allow_redisplay),
      page,
    )
  },
})

const retrieveOfCustomer = operation({
  method: 'GET',
  path: '/v1/customers/:customer/payment_methods/:id',
  params: Type.Object({}),
  handle(world, _params, { customer, id }) {
    const method = getPaymentMethod(world, id)
    if (method.customer !== getCustomer(world, customer).id) throw noSuch('PaymentMethod', id)
    return method
  },
})

function methodsOf({ store }: World, customer: string, type: string | undefined): PaymentMethod[] {
  return store
    .listOf('payment_method', customer)
    .filter((method) => type === undefined || method.type === type)
}

export const paymentMethodOperations = [
  create,
  retrieve,
  update,
  attach,
  detach,
  list,
  listOfCustomer,
  retrieveOfCustomer,
]
