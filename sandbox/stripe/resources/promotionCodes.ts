import { randomBytes } from 'node:crypto'
import Type from 'typebox'
import { checkFuture } from '../billing/checkFuture.ts'
import { currency, flag, maybe, seconds, text, words } from '../billing/params.ts'
import { given } from '../engine/given.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'
import { getCoupon } from './coupons.ts'
import { getCustomer } from './getCustomer.ts'

type PromotionCode = Objects['promotion_code']

/** The promotion code that a path or a parameter names by its id. */
function getPromotionCode({ store }: World, id: string, param?: string): PromotionCode {
  const code = store.get('promotion_code', id)
  if (!code) throw noSuch('promotion code', id, param)
  return code
}

const create = operation({
  method: 'POST',
  path: '/v1/promotion_codes',
  params: Type.Object({
    promotion: Type.Object({ type: words('coupon'), coupon: text }),
    active: maybe(flag),
    code: maybe(text),
    customer: maybe(text),
    expires_at: maybe(seconds),
    max_redemptions: maybe(Type.Integer({ minimum: 1 })),
    metadata: metadataParam,
    restrictions: maybe(
      Type.Object({
        first_time_transaction: maybe(flag),
        minimum_amount: maybe(Type.Integer({ minimum: 1 })),
        minimum_amount_currency: maybe(currency),
      }),
    ),
  }),
  handle(world, params) {
    const { active = true, customer, restrictions = {} } = params
    const coupon = getCoupon(world, params.promotion.coupon, 'promotion[coupon]')
    if (customer !== undefined) getCustomer(world, customer, 'customer')
    checkFuture(params.expires_at, world.now(customer), 'expires_at')
    const code = params.code ?? randomBytes(4).toString('hex').toUpperCase()
    if (active) refuseTaken(world, code)
    const promotionCode = world.store.put('promotion_code', {
      id: newId('promo'),
      object: 'promotion_code',
      active,
      code,
      created: world.now(customer),
      customer: customer ?? null,
      customer_account: null,
      expires_at: params.expires_at ?? null,
      livemode: false,
      max_redemptions: params.max_redemptions ?? null,
      metadata: mergeMetadata({}, params.metadata),
      promotion: { type: 'coupon', coupon: coupon.id },
      restrictions: {
        first_time_transaction: restrictions.first_time_transaction ?? false,
        minimum_amount: restrictions.minimum_amount ?? null,
        minimum_amount_currency: restrictions.minimum_amount_currency?.toLowerCase() ?? null,
      },
      times_redeemed: 0,
    })
    world.emit('promotion_code.created', 'promotion_code', promotionCode)
    return promotionCode
  },
})

/** Codes are the same in any case: https://docs.stripe.com/api/promotion_codes/create */
function refuseTaken({ store }: World, code: string): void {
  const isTaken = store.list('promotion_code').some((held) => held.active && isSameCode(held.code, code))
  if (!isTaken) return
  throw new StripeRefusal(`An active promotion code with \`code: ${code}\` already exists.`, {
    code: 'resource_already_exists',
    param: 'code',
  })
}

const isSameCode = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

const retrieve = operation({
  method: 'GET',
  path: '/v1/promotion_codes/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getPromotionCode(world, id),
})

const update = operation({
  method: 'POST',
  path: '/v1/promotion_codes/:id',
  params: Type.Object({ active: maybe(flag), metadata: metadataParam }),
  handle(world, params, { id }) {
    const held = getPromotionCode(world, id)
    if (params.active && !held.active) refuseTaken(world, held.code)
    return replace(world, 'promotion_code', held, {
      ...held,
      active: given(held.active, params.active),
      metadata: mergeMetadata(held.metadata, params.metadata),
    })
  },
})

const list = operation({
  method: 'GET',
  path: '/v1/promotion_codes',
  params: Type.Object({
    ...pageParams,
    active: maybe(flag),
    code: maybe(text),
    coupon: maybe(text),
    created: rangeParam,
    customer: maybe(text),
  }),
  handle({ store }, { active, code, coupon, created, customer, ...page }) {
    const found = store
      .list('promotion_code')
      .filter((held) => active === undefined || held.active === active)
      .filter((held) => code === undefined || isSameCode(held.code, code))
      .filter((held) => coupon === undefined || held.promotion.coupon === coupon)
      .filter((held) => customer === undefined || held.customer === customer)
      .filter((held) => isWithin(created, held.created))
    return listPage(store, found, page)
  },
})

export const promotionCodeOperations = [create, retrieve, update, list]
