import Type from 'typebox'
import type { App } from '../app.ts'
import { route } from '../http/route.ts'
import { Nullable, named, pageOf } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { type Catalogues, type Feature, type Plan, type PlanLimit, rates } from './catalogue.ts'
import { planHasFeature } from './rules.ts'

/** Limits by name: a number is a level, an object is a rate, null is unlimited. */
export const LimitsSchema = Type.Record(
  Type.String(),
  Type.Union([
    Type.Integer(),
    Type.Null(),
    Type.Object({ per: Type.Enum([...rates]), amount: Nullable(Type.Integer()) }),
  ]),
)

/** What a plan costs, in minor units of its currency. */
export const PriceFields = {
  plan: Type.String(),
  display_name: Type.String(),
  currency: Nullable(Type.String()),
  month: Nullable(Type.Integer()),
  year: Nullable(Type.Integer()),
  per_seat: Type.Boolean(),
}

/** A plan as it is sold. */
export const PlanFields = {
  ...PriceFields,
  description: Type.String(),
  contact_sales: Type.Boolean(),
  limits: LimitsSchema,
  features: Type.Record(Type.String(), Type.Boolean()),
}

const PlanSchema = named('Plan', Type.Object(PlanFields))

/** What is for sale, for pricing pages. */
export function catalogueRoutes(server: Server, app: App, catalogues: Catalogues): void {
  route(
    server,
    app,
    {
      operationId: 'listPlans',
      method: 'GET',
      url: '/v1/plans',
      access: 'anyone',
      summary: 'Public plans with prices, limits and features, from the lowest to the highest',
      replies: { 200: pageOf(PlanSchema) },
    },
    async () => {
      const { plans, features } = await catalogues.current()
      const data = plans.filter((plan) => plan.public).map((plan) => describePlan(plan, features))
      return { data, next_cursor: null }
    },
  )
}

/** A plan in the words of the wire, with each of the catalogue's features. */
export function describePlan(plan: Plan, features: Feature[]) {
  return {
    ...describePrice(plan),
    description: plan.description,
    contact_sales: plan.contactSales,
    limits: describeLimits(plan.limits),
    features: Object.fromEntries(features.map((feature) => [feature.name, planHasFeature(plan, feature)])),
  }
}

/** A plan's price in the words of the wire. */
export function describePrice({ plan, displayName, price, seats }: Plan) {
  return {
    plan,
    display_name: displayName,
    currency: price?.currency ?? null,
    month: price?.month ?? null,
    year: price?.year ?? null,
    per_seat: seats !== null,
  }
}

/** Limits in the words of the wire. */
export function describeLimits(limits: Record<string, PlanLimit>) {
  return Object.fromEntries(
    Object.entries(limits).map(([name, { amount, per }]) => [name, per ? { per, amount } : amount]),
  )
}
