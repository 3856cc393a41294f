import type { Kind } from '../objects.ts'
import { StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'

/**
 * Fields that Stripe includes only when they are asked for, by `kind.field`: computed from the object, as it is
 * stored. They are absent otherwise.
 */
export type Includables = Record<string, (world: World, object: never) => unknown>

type Node = Record<string, unknown>

const MOST_LEVELS = 4
const KINDS_BY_FIELD: Record<string, Kind> = {
  product: 'product',
  coupon: 'coupon',
  default_price: 'price',
  test_clock: 'test_helpers.test_clock',
}
const KINDS_BY_PREFIX: Record<string, Kind> = {
  sub: 'subscription',
  in: 'invoice',
  cus: 'customer',
  price: 'price',
  prod: 'product',
  pm: 'payment_method',
  pi: 'payment_intent',
  ch: 'charge',
  re: 'refund',
  dp: 'dispute',
  du: 'dispute',
  promo: 'promotion_code',
  sub_sched: 'subscription_schedule',
  ii: 'invoiceitem',
  inpay: 'invoice_payment',
  cs: 'checkout.session',
  evt: 'event',
  clock: 'test_helpers.test_clock',
}

/** A copy of the answer in which the ids at these dotted paths are objects. */
export function expand(world: World, includables: Includables, answer: object, paths: string[]): object {
  let expanded: object = answer
  for (const path of paths) {
    const fields = path.split('.')
    if (fields.length > MOST_LEVELS) {
      throw refuse(`You cannot expand more than ${MOST_LEVELS} levels of a property. Property: ${path}`)
    }
    expanded = expandAt(world, includables, expanded as Node, fields, path)
  }
  return expanded
}

function expandAt(world: World, includables: Includables, node: Node, fields: string[], path: string): Node {
  const [field = '', ...rest] = fields
  const value = valueAt(world, includables, node, field, path)
  const further = (item: unknown) => {
    if (rest.length === 0 || typeof item !== 'object' || item === null) return item
    return expandAt(world, includables, item as Node, rest, path)
  }
  return { ...node, [field]: Array.isArray(value) ? value.map(further) : further(value) }
}

function valueAt(world: World, includables: Includables, node: Node, field: string, path: string): unknown {
  const include = includables[`${String(node.object)}.${field}`]
  if (include && !isObject(node[field])) return include(world, node as never)
  const value = node[field]
  if (value === null || isObject(value)) return value
  if (Array.isArray(value)) return value.map((item) => objectOf(world, field, item, node) ?? item)
  const object = objectOf(world, field, value, node)
  if (object !== undefined) return object
  const instead = node.object === 'list' ? ` You may want to try expanding 'data.${path}' instead.` : ''
  throw refuse(`This property cannot be expanded (${field}).${instead}`)
}

function objectOf(world: World, field: string, value: unknown, node: Node): object | undefined {
  if (typeof value !== 'string' || field === 'id' || node[field] === undefined) return undefined
  const prefix = value.slice(0, value.lastIndexOf('_'))
  const kind = KINDS_BY_FIELD[field] ?? KINDS_BY_PREFIX[prefix] ?? KINDS_BY_PREFIX[prefix.split('_')[0] ?? '']
  return kind && world.store.get(kind, value)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(message: string): StripeRefusal {
  return new StripeRefusal(message, { param: 'expand' })
}
