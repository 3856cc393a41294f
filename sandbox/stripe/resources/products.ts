import type { Static } from 'typebox'
import Type from 'typebox'
import { emptyable, flag, maybe, text } from '../billing/params.ts'
import { given } from '../engine/given.ts'
import { listPage, pageParams } from '../engine/listPage.ts'
import { mergeMetadata, metadataParam } from '../engine/metadata.ts'
import { isWithin, rangeParam } from '../engine/ranges.ts'
import { previousAttributes, replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { operation } from '../operation.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import { newId, type World } from '../world.ts'

type Product = Objects['product']

const fields = {
  active: maybe(flag),
  images: maybe(emptyable(Type.Array(text))),
  marketing_features: maybe(emptyable(Type.Array(Type.Object({ name: text })))),
  metadata: metadataParam,
  shippable: maybe(flag),
  statement_descriptor: maybe(text),
  description: maybe(emptyable(text)),
  tax_code: maybe(emptyable(text)),
  unit_label: maybe(emptyable(text)),
  url: maybe(emptyable(text)),
}

export const productParams = Type.Object({ ...fields, id: maybe(text), name: text })

/** Makes a product; refuses an id that is taken. */
export function createProduct(world: World, params: Static<typeof productParams>): Product {
  const { id = newId('prod', 14), name, metadata, active = true } = params
  if (world.store.get('product', id)) {
    throw new StripeRefusal('Product already exists.', { code: 'resource_already_exists', param: 'id' })
  }
  const now = world.now()
  const product = world.store.put('product', {
    id,
    object: 'product',
    active,
    created: now,
    default_price: null,
    description: params.description || null,
    images: params.images || [],
    livemode: false,
    marketing_features: params.marketing_features || [],
    metadata: mergeMetadata({}, metadata),
    name,
    package_dimensions: null,
    shippable: params.shippable ?? null,
    statement_descriptor: params.statement_descriptor ?? null,
    tax_code: params.tax_code || null,
    tax_details: null,
    type: 'service',
    unit_label: params.unit_label || null,
    updated: now,
    url: params.url || null,
  })
  world.emit('product.created', 'product', product)
  return product
}

/** The product that a path or a parameter names. */
export function getProduct({ store }: World, id: string, param?: string): Product {
  const product = store.get('product', id)
  if (!product) throw noSuch('product', id, param)
  return product
}

const create = operation({
  method: 'POST',
  path: '/v1/products',
  params: productParams,
  handle: createProduct,
})

const retrieve = operation({
  method: 'GET',
  path: '/v1/products/:id',
  params: Type.Object({}),
  handle: (world, _params, { id }) => getProduct(world, id),
})

const update = operation({
  method: 'POST',
  path: '/v1/products/:id',
  params: Type.Object({ ...fields, name: maybe(text) }),
  handle(world, params, { id }) {
    const held = getProduct(world, id)
    const changed: Product = {
      ...held,
      active: given(held.active, params.active),
      description: given(held.description, params.description),
      images: given(held.images, params.images) ?? [],
      marketing_features: given(held.marketing_features, params.marketing_features) ?? [],
      metadata: mergeMetadata(held.metadata, params.metadata),
      name: given(held.name, params.name),
      shippable: given(held.shippable, params.shippable),
      statement_descriptor: given(held.statement_descriptor ?? null, params.statement_descriptor),
      tax_code: given(held.tax_code ?? null, params.tax_code),
      unit_label: given(held.unit_label ?? null, params.unit_label),
      url: given(held.url, params.url),
    }
    const isSame = Object.keys(previousAttributes(held, changed)).length === 0
    return isSame ? held : replace(world, 'product', held, { ...changed, updated: world.now() })
  },
})

const remove = operation({
  method: 'DELETE',
  path: '/v1/products/:id',
  params: Type.Object({}),
  handle(world, _params, { id }) {
    const product = getProduct(world, id)
    if (world.store.list('price').some((price) => price.product === id)) {
      throw new StripeRefusal(
        'This product cannot be deleted because it has one or more user-created prices.',
      )
    }
    world.store.remove('product', id)
    world.emit('product.deleted', 'product', product)
    return { id, object: 'product', deleted: true }
  },
})

const list = operation({
  method: 'GET',
  path: '/v1/products',
  params: Type.Object({
    ...pageParams,
    active: maybe(flag),
    created: rangeParam,
    ids: maybe(Type.Array(text)),
  }),
  handle({ store }, { active, created, ids, ...page }) {
    const found = store
      .list('product')
      .filter((product) => active === undefined || product.active === active)
      .filter((product) => ids === undefined || ids.includes(product.id))
      .filter((product) => isWithin(created, product.created))
    return listPage(store, found, page)
  },
})

export const productOperations = [create, retrieve, update, remove, list]
