import Type from 'typebox'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { loadCatalogue } from '../catalogue/catalogue.ts'
import { describePlan, PlanFields } from '../catalogue/routes.ts'
import type { Db } from '../db/database.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Instant, Nullable, named } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'

const AppliedCatalogueSchema = named(
  'AppliedCatalogue',
  Type.Object({
    version: Type.Integer(),
    applied_at: Nullable(Type.String({ format: 'date-time', description: 'Null while none was applied.' })),
    plans: Type.Array(
      Type.Object({
        ...PlanFields,
        public: Type.Boolean({ description: 'Whether pricing pages show it.' }),
        seats: Nullable(
          Type.Enum(['follow', 'fixed'], { description: 'How seats are paid for; null where they are not.' }),
        ),
        pin_limits: Type.Boolean({ description: 'Whether buyers keep the limits that they bought.' }),
      }),
      { description: 'From the lowest to the highest.' },
    ),
    features: Type.Array(
      Type.Object({
        name: Type.String(),
        description: Type.String(),
        enabled: Type.Boolean({ description: 'False switches it off for everybody.' }),
        default: Type.Boolean({ description: 'Of plans that do not name it.' }),
      }),
    ),
    prices: Type.Array(
      Type.Object({
        stripe_price_id: Type.String(),
        plan: Type.String(),
        interval: Type.Enum(['month', 'year']),
        currency: Type.String(),
        amount: Type.Integer({ description: 'Minor units of the currency.' }),
        created_at: Instant,
        retired_at: Nullable(
          Type.String({ format: 'date-time', description: 'From when it was not sold any more.' }),
        ),
      }),
      { description: 'At Stripe; those that are sold first. Buyers keep the price that they bought.' },
    ),
  }),
)

/** What is for sale and what it opens, as the database has it. */
export function catalogueRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'getCatalogue',
      method: 'GET',
      url: '/v1/operator/catalogue',
      access: { operator: 'read' },
      summary:
        'The catalogue as it was applied: every plan, feature and price, also those that are not public',
      replies: { 200: AppliedCatalogueSchema },
    },
    async ({ caller, at }) => {
      const [{ version, plans, features }, applied, prices] = await inTx(app, (tx) =>
        Promise.all([
          loadCatalogue(tx),
          latestVersion(tx),
          allPrices(tx),
          audit(tx, caller, { action: 'operator.read-catalogue' }, at),
        ]),
      )
      return {
        version,
        applied_at: applied?.applied_at.toISOString() ?? null,
        plans: plans.map((plan) => ({
          ...describePlan(plan, features),
          public: plan.public,
          seats: plan.seats,
          pin_limits: plan.pinLimits,
        })),
        features: features.map(({ fallback, ...feature }) => ({ ...feature, default: fallback })),
        prices: prices.map(({ created_at, retired_at, ...price }) => ({
          ...price,
          created_at: created_at.toISOString(),
          retired_at: retired_at?.toISOString() ?? null,
        })),
      }
    },
  )
}

function latestVersion(db: Db) {
  return db
    .selectFrom('catalogue_versions')
    .select('applied_at')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
}

function allPrices(db: Db) {
  return db
    .selectFrom('stripe_prices as s')
    .innerJoin('plans as p', 'p.plan', 's.plan')
    .select(['s.stripe_price_id', 's.plan', 's.billing_interval as interval', 's.currency'])
    .select(['s.amount_minor as amount', 's.created_at', 's.retired_at'])
    .orderBy('s.retired_at', (order) => order.desc().nullsFirst())
    .orderBy('p.rank')
    .orderBy('s.billing_interval')
    .orderBy('s.stripe_price_id')
    .execute()
}
