import Type, { type Static } from 'typebox'
import type { Access } from '../access/access.ts'
import type { Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import type { Catalogue, Interval, Plan } from '../catalogue/catalogue.ts'
import { MEMBERS, overrideOf } from '../entitlements/rules.ts'
import type { MemberActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { quantityOf } from './checkout/rules.ts'
import { currentPrice } from './prices/prices.ts'
import type { MirroredSubscription } from './projection/rules.ts'
import { askedOf } from './seats/rules.ts'

/** What can be bought, in words of the catalogue: never a price or a customer of Stripe's. */
export const OrderFields = {
  plan: Type.String({ maxLength: 40 }),
  interval: Type.Enum(['month', 'year']),
  seats: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
}

const OrderSchema = Type.Object(OrderFields)
export type Order = Static<typeof OrderSchema>

/** An order with everything that decides about it. */
export interface Ordered {
  actor: MemberActor
  snapshot: Snapshot
  catalogue: Catalogue
  order: Order
}

/** What is ordered by whom, as their snapshot has it. */
export async function orderOf(access: Access, actor: MemberActor, order: Order): Promise<Ordered> {
  const snapshot = access.snapshotOf(actor)
  return { actor, snapshot, catalogue: await access.catalogueOf(snapshot), order }
}

export interface PricedOrder {
  plan: string
  interval: Interval
  quantity: number
  /** Where seats follow the members, how many are wanted however few those are; else null. */
  asked: number | null
  /** The id of the price at Stripe. */
  price: string
}

/**
 * Finds the price of what is ordered, and how many units of it; refused when the catalogue does not sell that. What a
 * `current` subscription has and the order does not change stays: its seats, and the price at which it was bought.
 */
export async function priceOrder(
  app: App,
  { snapshot, catalogue, order: { plan: name, interval, seats } }: Ordered,
  current: MirroredSubscription | null = null,
): Promise<PricedOrder> {
  const isSame = current?.plan === name && current.interval === interval
  // Who has it keeps it, also when it is not sold any more.
  const plan = isSame ? catalogue.planOf(name) : planForSale(catalogue, name, interval)
  const kept = current?.plan === name && plan.seats !== null ? current : null
  const asked = plan.seats === 'follow' ? (seats ?? (kept ? askedOf(kept) : 0)) : null
  // Where nothing else changes either, seats that are about to follow the members are not the order's business.
  const keptSeats = isSame || asked === null ? kept?.quantity : asked
  const override = overrideOf(snapshot.facts?.limitOverrides ?? [], MEMBERS, app.now())
  const found = quantityOf(plan, snapshot.facts?.members ?? 1, seats ?? keptSeats, {
    kept: kept?.quantity,
    override,
  })
  if (found.kind === 'refused') refuse('#/seats', found.detail)
  const price = isSame ? current.priceId : await currentPrice(app.db, plan, interval)
  if (!price) {
    throw problem('stripe-not-configured', undefined, {
      detail: `Stripe does not have the price of ${plan.displayName} yet: run \`frontgate catalogue apply\`.`,
    })
  }
  return { plan: name, interval, quantity: found.quantity, asked, price }
}

function planForSale({ plans }: Catalogue, name: string, interval: Interval): Plan {
  const plan = plans.find((candidate) => candidate.plan === name && candidate.public)
  if (!plan?.price) refuse('#/plan', 'is not a plan that is sold here')
  if (plan.price[interval] === null) refuse('#/interval', `is not sold for ${plan.displayName}`)
  return plan
}

function refuse(pointer: string, detail: string): never {
  throw problem('invalid-request', { errors: [{ pointer, detail }] })
}
