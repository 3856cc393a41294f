import Type from 'typebox'
import { address, flag, maybe, text } from '../billing/params.ts'
import { confirmPayment } from '../billing/payments/confirmPayment.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch } from '../refusal.ts'
import type { World } from '../world.ts'

/** The charge that a path or a parameter names. */
export function getCharge({ store }: World, id: string, param?: string): Objects['charge'] {
  const charge = store.get('charge', id)
  if (!charge) throw noSuch('charge', id, param)
  return charge
}

function getIntent({ store }: World, id: string): Objects['payment_intent'] {
  const intent = store.get('payment_intent', id)
  if (!intent) throw noSuch('payment_intent', id)
  return intent
}

const retrieveIntent = operation({
  method: 'GET',
  path: '/v1/payment_intents/:id',
  params: Type.Object({ client_secret: maybe(text) }),
  handle: (world, _params, { id }) => getIntent(world, id),
})

const confirmIntent = operation({
  method: 'POST',
  path: '/v1/payment_intents/:id/confirm',
  params: Type.Object({
    client_secret: maybe(text),
    off_session: maybe(flag),
    payment_method: maybe(text),
    return_url: maybe(address),
  }),
  handle: (world, { payment_method }, { id }) => confirmPayment(world, getIntent(world, id), payment_method),
})

const listIntents = operation({
  method: 'GET',
  path: '/v1/payment_intents',
  params: Type.Object({ ...pageParams, created: rangeParam, customer: maybe(text) }),
  handle({ store }, { created, customer, ...page }) {
    const found = store
      .list('payment_intent')
      .filter((intent) => customer === undefined || intent.customer === customer)
      .filter((intent) => isWithin(created, intent.created))
    return listPage(store, found, page)
  },
})

const retrieveCharge = operation({
  method: 'GET',
  path: '/v1/charges/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getCharge(world, id),
})

const listCharges = operation({
  method: 'GET',
  path: '/v1/charges',
  params: Type.Object({
    ...pageParams,
    created: rangeParam,
    customer: maybe(text),
    payment_intent: maybe(text),
  }),
  handle({ store }, { created, customer, payment_intent, ...page }) {
    const found = store
      .list('charge')
      .filter((charge) => customer === undefined || charge.customer === customer)
      .filter((charge) => payment_intent === undefined || charge.payment_intent === payment_intent)
      .filter((charge) => isWithin(created, charge.created))
    return listPage(store, found, page)
  },
})

export const paymentOperations = [retrieveIntent, confirmIntent, listIntents, retrieveCharge, listCharges]
