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
/** The fields that hold an id in place of an object, and of which kind; null where the sandbox has none of them. */
const KINDS: Record<string, Kind | null> = {
  application: null,
  balance_transaction: null,
  charge: 'charge',
  configuration: 'billing_portal.configuration',
  coupon: 'coupon',
  customer: 'customer',
  default_payment_method: 'payment_method',
  default_price: 'price',
  default_source: null,
  discount: 'discount',
  discounts: 'discount',
  failure_balance_transaction: null,
  invoice: 'invoice',
  latest_charge: 'charge',
  latest_invoice: 'invoice',
  latest_revision: 'invoice',
  on_behalf_of: null,
  payment_intent: 'payment_intent',
  payment_link: null,
  payment_method: 'payment_method',
  payment_record: null,
  pending_setup_intent: 'setup_intent',
  price: 'price',
  product: 'product',
  promotion_code: 'promotion_code',
  review: null,
  schedule: 'subscription_schedule',
  setup_intent: 'setup_intent',
  source: null,
  source_transfer_reversal: null,
  subscription: 'subscription',
  tax_code: null,
  test_clock: 'test_helpers.test_clock',
  transfer_reversal: null,
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
  const value = valueAt(world, includables, node, field, { path, isLast: rest.length === 0 })
  const further = (item: unknown) => {
    if (rest.length === 0 || typeof item !== 'object' || item === null) return item
    return expandAt(world, includables, item as Node, rest, path)
  }
  return { ...node, [field]: Array.isArray(value) ? value.map(further) : further(value) }
}

interface Where {
  path: string
  isLast: boolean
}

function valueAt(
  world: World,
  includables: Includables,
  node: Node,
  field: string,
  { path, isLast }: Where,
): unknown {
  const include = includables[`${String(node.object)}.${field}`]
  if (include && !isObject(node[field])) return include(world, node as never)
  const value = node[field]
  const isKnown = Object.hasOwn(KINDS, field)
  if (isObject(value) || (value === null && !isLast)) return value
  if (Array.isArray(value) && (isKnown || value.every(isObject))) {
    return value.map((item) => objectOf(world, field, item))
  }
  if (value !== undefined && isKnown) return objectOf(world, field, value)
  const instead = node.object === 'list' ? ` You may want to try expanding 'data.${path}' instead.` : ''
  throw refuse(`This property cannot be expanded (${field}).${instead}`)
}

/** What an id stands for; the id itself where that is gone. */
function objectOf({ store }: World, field: string, value: unknown): unknown {
  const kind = KINDS[field]
  return (typeof value === 'string' && kind && store.get(kind, value)) || value
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(message: string): StripeRefusal {
  return new StripeRefusal(message, { param: 'expand' })
}
