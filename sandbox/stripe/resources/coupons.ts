import Type from 'typebox'
import { checkFuture } from '../billing/checkFuture.ts'
import { currency, maybe, seconds, text, words } from '../billing/params.ts'
import { given } from '../engine/given.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'
import { getProduct } from './products.ts'

type Coupon = Objects['coupon']

/** The coupon that a path or a parameter names. */
export function getCoupon({ store }: World, id: string, param?: string): Coupon {
  const coupon = store.get('coupon', id)
  if (!coupon) throw noSuch('coupon', id, param)
  return coupon
}

const create = operation({
  method: 'POST',
  path: '/v1/coupons',
  params: Type.Object({
    id: maybe(text),
    amount_off: maybe(Type.Integer({ minimum: 1 })),
    applies_to: maybe(Type.Object({ products: Type.Array(text) })),
    currency: maybe(currency),
    duration: maybe(words('once', 'repeating', 'forever')),
    duration_in_months: maybe(Type.Integer({ minimum: 1 })),
    max_redemptions: maybe(Type.Integer({ minimum: 1 })),
    metadata: metadataParam,
    name: maybe(text),
    percent_off: maybe(Type.Number({ minimum: 0.01, maximum: 100 })),
    redeem_by: maybe(seconds),
  }),
  handle(world, params) {
    const { id = newId('', 8).slice(1), amount_off, percent_off, currency, duration = 'once' } = params
    if ((amount_off === undefined) === (percent_off === undefined)) {
      throw new StripeRefusal(
        'You must pass either percent_off or amount_off, and not both, to create a coupon.',
      )
    }
    if (amount_off !== undefined && !currency) throw missing('currency')
    if (duration === 'repeating' && !params.duration_in_months) throw missing('duration_in_months')
    checkFuture(params.redeem_by, world.now(), 'redeem_by')
    if (world.store.get('coupon', id)) {
      throw new StripeRefusal('Coupon already exists.', { code: 'resource_already_exists', param: 'id' })
    }
    const products = params.applies_to?.products.map(
      (product) => getProduct(world, product, 'applies_to[products]').id,
    )
    const coupon = world.store.put('coupon', {
      id,
      object: 'coupon',
      amount_off: amount_off ?? null,
      ...(products && { applies_to: { products } }),
      created: world.now(),
      currency: currency?.toLowerCase() ?? null,
      duration,
      duration_in_months: params.duration_in_months ?? null,
      livemode: false,
      max_redemptions: params.max_redemptions ?? null,
      metadata: mergeMetadata({}, params.metadata),
      name: params.name ?? null,
      percent_off: percent_off ?? null,
      redeem_by: params.redeem_by ?? null,
      times_redeemed: 0,
      valid: true,
    })
    world.emit('coupon.created', 'coupon', coupon)
    return coupon
  },
})

function missing(param: string): StripeRefusal {
  return new StripeRefusal(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/coupons/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getCoupon(world, id),
})

const update = operation({
  method: 'POST',
  path: '/v1/coupons/:id',
  params: Type.Object({ metadata: metadataParam, name: maybe(text) }),
  handle(world, params, { id }) {
    const held = getCoupon(world, id)
    return replace(world, 'coupon', held, {
      ...held,
      metadata: mergeMetadata(held.metadata, params.metadata),
      name: given(held.name, params.name),
    })
  },
})

const remove = operation({
  method: 'DELETE',
  path: '/v1/coupons/:id',
  params: Type.Object({}),
  handle(world, _params, { id }) {
    const coupon = getCoupon(world, id)
    world.store.remove('coupon', id)
    world.store.put('deleted_coupon', coupon)
    world.emit('coupon.deleted', 'coupon', coupon)
    return { id, object: 'coupon', deleted: true }
  },
})

const list = operation({
  method: 'GET',
  path: '/v1/coupons',
  params: Type.Object({ ...pageParams, created: rangeParam }),
  handle: ({ store }, { created, ...page }) =>
    listPage(
      store,
      store.list('coupon').filter((coupon) => isWithin(created, coupon.created)),
      page,
    ),
})

export const couponOperations = [create, retrieve, update, remove, list]
