import Type from 'typebox'
import { maybe, text } from '../billing/params.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { operation } from '../operation.ts'
import { noSuch } from '../refusal.ts'

const retrieve = operation({
  method: 'GET',
  path: '/v1/setup_intents/:id',
  params: Type.Object({ client_secret: maybe(text) }),
  handle({ store }, _params, { id }) {
    const intent = store.get('setup_intent', id)
    if (!intent) throw noSuch('setupintent', id)
    return intent
  },
})

const list = operation({
  method: 'GET',
  path: '/v1/setup_intents',
  params: Type.Object({
    ...pageParams,
    created: rangeParam,
    customer: maybe(text),
    payment_method: maybe(text),
  }),
  handle({ store }, { created, customer, payment_method, ...page }) {
    const found = store
      .list('setup_intent')
      .filter((intent) => customer === undefined || intent.customer === customer)
      .filter((intent) => payment_method === undefined || intent.payment_method === payment_method)
      .filter((intent) => isWithin(created, intent.created))
    return listPage(store, found, page)
  },
})

export const setupIntentOperations = [retrieve, list]
