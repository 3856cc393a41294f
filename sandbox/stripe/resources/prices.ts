import type { Static } from 'typebox'
import Type from 'typebox'
import { currency, flag, maybe, text, words } from '../billing/params.ts'
import { given } from '../engine/given.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'
import { createProduct, getProduct, productParams } from './products.ts'

type Price = Objects['price']

const interval = words('day', 'week', 'month', 'year')
/** Three years of each: https://docs.stripe.com/api/prices/create#create_price-recurring-interval_count */
const MOST_INTERVALS = { day: 1095, week: 156, month: 36, year: 3 }
const taxBehavior = words('exclusive', 'inclusive', 'unspecified')

const priceParams = Type.Object({
  currency,
  active: maybe(flag),
  billing_scheme: maybe(words('per_unit')),
  lookup_key: maybe(text),
  metadata: metadataParam,
  nickname: maybe(text),
  product: maybe(text),
  product_data: maybe(productParams),
  recurring: maybe(
    Type.Object({
      interval,
      interval_count: maybe(Type.Integer({ minimum: 1 })),
      trial_period_days: maybe(Type.Integer({ minimum: 1 })),
      usage_type: maybe(words('licensed')),
    }),
  ),
  tax_behavior: maybe(taxBehavior),
  transfer_lookup_key: maybe(flag),
  unit_amount: maybe(Type.Integer({ minimum: 0 })),
  unit_amount_decimal: maybe(Type.Number({ minimum: 0 })),
})

type PriceParams = Static<typeof priceParams>

/** The price that a path or a parameter names. */
function getPrice({ store }: World, id: string, param?: string): Price {
  const price = store.get('price', id)
  if (!price) throw noSuch('price', id, param)
  return price
}

const create = operation({
  method: 'POST',
  path: '/v1/prices',
  params: priceParams,
  handle(world, params) {
    checkRhythm(params)
    const product = productOf(world, params)
    const { lookup_key, transfer_lookup_key } = params
    if (lookup_key !== undefined) takeLookupKey(world, lookup_key, transfer_lookup_key)
    const price = world.store.put('price', buildPrice(world, params, product))
    world.emit('price.created', 'price', price)
    return price
  },
})

function productOf(world: World, { product, product_data }: PriceParams): string {
  if (product !== undefined && product_data) {
    throw new StripeRefusal('You may only specify one of these parameters: product, product_data.', {
      code: 'parameters_exclusive',
      param: 'product',
    })
  }
  if (product_data) return createProduct(world, product_data).id
  if (product !== undefined) return getProduct(world, product, 'product').id
  throw new StripeRefusal('You must specify either `product` or `product_data` when creating a price.')
}

function checkRhythm({ recurring }: PriceParams): void {
  const most = recurring && MOST_INTERVALS[recurring.interval]
  if (!most || (recurring.interval_count ?? 1) <= most) return
  throw new StripeRefusal('The interval can be no longer than three years.', {
    param: 'recurring[interval_count]',
  })
}

function buildPrice(world: World, params: PriceParams, product: string): Price {
  const { currency, recurring, unit_amount, unit_amount_decimal } = params
  const amount = unit_amount ?? unit_amount_decimal
  if (amount === undefined) {
    throw new StripeRefusal('You must specify either `unit_amount` or `unit_amount_decimal`.')
  }
  return {
    id: newId('price'),
    object: 'price',
    active: params.active ?? true,
    billing_scheme: 'per_unit',
    created: world.now(),
    currency: currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: params.lookup_key ?? null,
    metadata: mergeMetadata({}, params.metadata),
    nickname: params.nickname ?? null,
    product,
    recurring: recurring
      ? {
          interval: recurring.interval,
          interval_count: recurring.interval_count ?? 1,
          meter: null,
          trial_period_days: recurring.trial_period_days ?? null,
          usage_type: 'licensed',
        }
      : null,
    tax_behavior: params.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount: Number.isInteger(amount) ? amount : null,
    unit_amount_decimal: String(amount),
  }
}

/** Only one price has a lookup key; with `transfer` it is taken from the other. */
function takeLookupKey(world: World, key: string, transfer = false, own?: string): void {
  const holder = world.store.list('price').find((price) => price.lookup_key === key && price.id !== own)
  if (!holder) return
  if (!transfer) {
    throw new StripeRefusal(`A price (\`${holder.id}\`) already uses that lookup key.`, {
      param: 'lookup_key',
    })
  }
  replace(world, 'price', holder, { ...holder, lookup_key: null })
}

const retrieve = operation({
  method: 'GET',
  path: '/v1/prices/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getPrice(world, id),
})

const update = operation({
  method: 'POST',
  path: '/v1/prices/:id',
  params: Type.Object({
    active: maybe(flag),
    lookup_key: maybe(text),
    metadata: metadataParam,
    nickname: maybe(text),
    tax_behavior: maybe(taxBehavior),
    transfer_lookup_key: maybe(flag),
  }),
  handle(world, { transfer_lookup_key, ...params }, { id }) {
    const held = getPrice(world, id)
    if (params.lookup_key !== undefined) takeLookupKey(world, params.lookup_key, transfer_lookup_key, id)
    if (
      params.tax_behavior &&
      held.tax_behavior !== 'unspecified' &&
      params.tax_behavior !== held.tax_behavior
    ) {
      throw new StripeRefusal('Once specified, the tax behavior of a price cannot be changed.', {
        param: 'tax_behavior',
      })
    }
    return replace(world, 'price', held, {
      ...held,
      active: given(held.active, params.active),
      lookup_key: given(held.lookup_key, params.lookup_key),
      metadata: mergeMetadata(held.metadata, params.metadata),
      nickname: given(held.nickname, params.nickname),
      tax_behavior: given(held.tax_behavior, params.tax_behavior),
    })
  },
})

const list = operation({
  method: 'GET',
  path: '/v1/prices',
  params: Type.Object({
    ...pageParams,
    active: maybe(flag),
    created: rangeParam,
    currency: maybe(currency),
    lookup_keys: maybe(Type.Array(text, { maxItems: 10 })),
    product: maybe(text),
    recurring: maybe(Type.Object({ interval: maybe(interval) })),
    type: maybe(words('one_time', 'recurring')),
  }),
  handle({ store }, { active, created, currency, lookup_keys, product, recurring, type, ...page }) {
    const found = store
      .list('price')
      .filter((price) => active === undefined || price.active === active)
      .filter((price) => currency === undefined || price.currency === currency)
      .filter((price) => lookup_keys === undefined || lookup_keys.includes(price.lookup_key ?? ''))
      .filter((price) => product === undefined || price.product === product)
      .filter((price) => type === undefined || price.type === type)
      .filter(({ recurring: its }) => !recurring?.interval || its?.interval === recurring.interval)
      .filter((price) => isWithin(created, price.created))
    return listPage(store, found, page)
  },
})

export const priceOperations = [create, retrieve, update, list]
