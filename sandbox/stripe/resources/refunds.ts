import type { Static } from 'typebox'
import Type from 'typebox'
import { maybe, text, words } from '../billing/params.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { money } from '../pages/words.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'
import { getCharge } from './payments.ts'

type Charge = Objects['charge']
type Refund = Objects['refund']

const refundParams = Type.Object({
  amount: maybe(Type.Integer({ minimum: 1 })),
  charge: maybe(text),
  metadata: metadataParam,
  payment_intent: maybe(text),
  reason: maybe(words('duplicate', 'fraudulent', 'requested_by_customer')),
})

const create = operation({
  method: 'POST',
  path: '/v1/refunds',
  params: refundParams,
  handle(world, params) {
    const charge = chargeOf(world, params)
    refuseDisputed(world, charge)
    const amount = checkAmount(charge, params.amount)
    const refund = world.store.put('refund', buildRefund(world, charge, amount, params))
    world.emit('refund.created', 'refund', refund)
    const amount_refunded = charge.amount_refunded + amount
    const refunded = amount_refunded === charge.amount
    replace(world, 'charge', charge, { ...charge, amount_refunded, refunded }, 'charge.refunded')
    world.emit('refund.updated', 'refund', refund)
    world.emit('charge.refund.updated', 'refund', refund)
    return refund
  },
})

function chargeOf(world: World, { charge, payment_intent }: Static<typeof refundParams>): Charge {
  if (charge !== undefined) return getCharge(world, charge, 'charge')
  if (payment_intent === undefined) {
    throw new StripeRefusal(
      'One of the following params should be provided for this request: payment_intent or charge.',
    )
  }
  const intent = world.store.get('payment_intent', payment_intent)
  if (!intent) throw noSuch('payment_intent', payment_intent, 'payment_intent')
  if (typeof intent.latest_charge === 'string')
    return getCharge(world, intent.latest_charge, 'payment_intent')
  throw new StripeRefusal('This PaymentIntent does not have a successful charge to refund.', {
    param: 'payment_intent',
  })
}

/** https://docs.stripe.com/error-codes#charge-disputed */
function refuseDisputed({ store }: World, { id, disputed }: Charge): void {
  const dispute = disputed && store.list('dispute').find(({ charge }) => charge === id)
  if (!dispute || dispute.status === 'won') return
  throw new StripeRefusal(`Charge ${id} has been charged back; cannot issue a refund.`, {
    code: 'charge_disputed',
  })
}

function checkAmount(charge: Charge, given: number | undefined): number {
  if (charge.status !== 'succeeded') {
    throw new StripeRefusal(`Charge ${charge.id} has not been paid, so it cannot be refunded.`, {
      param: 'charge',
    })
  }
  const left = charge.amount - charge.amount_refunded
  if (left === 0) {
    throw new StripeRefusal(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
    })
  }
  if (given === undefined || given <= left) return given ?? left
  throw new StripeRefusal(
    `Refund amount (${money(given, charge.currency)}) is greater than unrefunded amount on charge (${money(left, charge.currency)})`,
    { param: 'amount' },
  )
}

function buildRefund(
  world: World,
  charge: Charge,
  amount: number,
  { metadata, reason }: Static<typeof refundParams>,
): Refund {
  return {
    id: newId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: world.now(charge.customer as string | null),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { card: { type: 'refund' }, type: 'card' },
    metadata: mergeMetadata({}, metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
}

function getRefund({ store }: World, id: string): Refund {
  const refund = store.get('refund', id)
  if (!refund) throw noSuch('refund', id)
  return refund
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/refunds/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getRefund(world, id),
})

const update = operation({
  method: 'POST',
  path: '/v1/refunds/:id',
  params: Type.Object({ metadata: metadataParam }),
  handle(world, { metadata }, { id }) {
    const held = getRefund(world, id)
    return replace(world, 'refund', held, { ...held, metadata: mergeMetadata(held.metadata, metadata) })
  },
})

const list = operation({
  method: 'GET',
  path: '/v1/refunds',
  params: Type.Object({
    ...pageParams,
    charge: maybe(text),
    created: rangeParam,
    payment_intent: maybe(text),
  }),
  handle({ store }, { charge, created, payment_intent, ...page }) {
    const found = store
      .list('refund')
      .filter((refund) => charge === undefined || refund.charge === charge)
      .filter((refund) => payment_intent === undefined || refund.payment_intent === payment_intent)
      .filter((refund) => isWithin(created, refund.created))
    return listPage(store, found, page)
  },
})

export const refundOperations = [create, retrieve, update, list]
