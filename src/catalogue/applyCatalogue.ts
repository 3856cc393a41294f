import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { changed, type Tx } from '../db/transaction.ts'
import { type Catalogue, loadCatalogue, type Plan } from './catalogue.ts'
import type { CatalogueFile } from './catalogueFile.ts'
import { namedLimits } from './rules.ts'

const CATALOGUE_LOCK = 3_105_618

/** Keeps the catalogue from being changed until the transaction is over, for whoever refers to a name in it. */
export async function holdCatalogue(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${CATALOGUE_LOCK})`.execute(tx)
}

/**
 * Makes the tables say what the file says, and returns one line per difference; none when they agreed.
 * Plans that a grant or a price at Stripe refers to, and features and limits that an account has its own value of are
 * never removed.
 * Accounts see the change at their next read.
 */
export async function applyCatalogue(tx: Tx, file: CatalogueFile, at: Date): Promise<string[]> {
  await sql`select pg_advisory_xact_lock(${CATALOGUE_LOCK})`.execute(tx)
  const before = await loadCatalogue(tx)
  await refuseToOrphanPlans(tx, before, file)
  await refuseToOrphanOverrides(tx, before, file)
  await replaceTables(tx, file)
  const after = await loadCatalogue(tx)
  const differences = compare(before, after)
  if (differences.length > 0 || before.version === 0) {
    const contentHash = createHash('sha256').update(JSON.stringify(file)).digest()
    const { version } = await tx
      .insertInto('catalogue_versions')
      .values({ content_hash: contentHash, applied_at: at })
      .returning('version')
      .executeTakeFirstOrThrow()
    changed(tx, 'catalogue')
    await keepVersions(tx, before, after, version)
  }
  return differences
}

async function refuseToOrphanPlans(tx: Tx, before: Catalogue, file: CatalogueFile): Promise<void> {
  const kept = new Set(file.plans.map(({ plan }) => plan))
  const removed = before.plans.map(({ plan }) => plan).filter((plan) => !kept.has(plan))
  if (removed.length === 0) return
  const inUse = await tx
    .selectFrom('plans')
    .select('plan')
    .where('plan', 'in', removed)
    .where((e) =>
      e.or([
        e.exists(e.selectFrom('grants').whereRef('grants.plan', '=', 'plans.plan')),
        e.exists(e.selectFrom('stripe_prices').whereRef('stripe_prices.plan', '=', 'plans.plan')),
      ]),
    )
    .execute()
  if (inUse.length === 0) return
  const names = inUse.map(({ plan }) => plan).join(', ')
  throw new Error(
    `Accounts have or had grants of ${names}, or Stripe has prices of it, so the plan has to stay in the file; "public": false hides it.`,
  )
}

async function refuseToOrphanOverrides(tx: Tx, before: Catalogue, file: CatalogueFile): Promise<void> {
  const features = before.features
    .map(({ name }) => name)
    .filter((name) => !Object.hasOwn(file.features, name))
  const limits = [...namedLimits(before).keys()].filter(
    (name) => !file.plans.some((plan) => Object.hasOwn(plan.limits, name)),
  )
  const [ownFeatures, ownLimits] = await Promise.all([
    ownValues(tx, 'account_features', features),
    ownValues(tx, 'account_limits', limits),
  ])
  if (ownFeatures.length > 0) {
    throw new Error(
      `Accounts have their own value of ${ownFeatures.join(', ')}, so the feature has to stay in the file; "enabled": false switches it off.`,
    )
  }
  if (ownLimits.length > 0) {
    throw new Error(
      `Accounts have their own value of ${ownLimits.join(', ')}, so a plan has to name the limit; 0 gives nothing of it.`,
    )
  }
}

async function ownValues(
  tx: Tx,
  table: 'account_features' | 'account_limits',
  names: string[],
): Promise<string[]> {
  if (names.length === 0) return []
  const rows = await tx.selectFrom(table).select('name').distinct().where('name', 'in', names).execute()
  return rows.map(({ name }) => name)
}

async function replaceTables(tx: Tx, { plans, features }: CatalogueFile): Promise<void> {
  const flags = Object.entries(features).map(([name, { description, enabled, default: value }]) => ({
    name,
    description,
    enabled,
    default_value: value,
  }))
  await Promise.all([
    tx.deleteFrom('plan_features').execute(),
    tx.deleteFrom('plan_limits').execute(),
    tx.deleteFrom('plan_billing').execute(),
    // Ranks are unique: moved out of the way before they are dealt anew.
    tx
      .updateTable('plans')
      .set((e) => ({ rank: e('rank', '+', 1_000_000) }))
      .execute(),
  ])
  for (const [rank, plan] of plans.entries()) {
    const row = {
      rank,
      display_name: plan.display_name,
      description: plan.description,
      public: plan.public ?? true,
      contact_sales: plan.contact_sales ?? false,
      seats: plan.seats ?? null,
      pin_limits: plan.pin_limits ?? false,
    }
    await tx
      .insertInto('plans')
      .values({ plan: plan.plan, ...row })
      .onConflict((conflict) => conflict.column('plan').doUpdateSet(row))
      .execute()
  }
  const dropped = tx.deleteFrom('plans').where('rank', '>=', 1_000_000).execute()
  const flagNames = flags.map(({ name }) => name)
  const removedFlags = tx
    .deleteFrom('feature_flags')
    .where((e) => e.not(e('name', '=', e.fn.any(sql<string[]>`${flagNames}::text[]`))))
    .execute()
  await Promise.all([dropped, removedFlags])
  for (const flag of flags) {
    await tx
      .insertInto('feature_flags')
      .values(flag)
      .onConflict((c) => c.column('name').doUpdateSet(flag))
      .execute()
  }
  for (const plan of plans) await insertPlanRows(tx, plan)
}

async function insertPlanRows(
  tx: Tx,
  { plan, price, limits, features }: CatalogueFile['plans'][number],
): Promise<void> {
  const amounts = (['month', 'year'] as const).flatMap((interval) => {
    const amount = price?.[interval]
    return price && amount !== undefined
      ? [{ plan, billing_interval: interval, currency: price.currency, amount_minor: amount }]
      : []
  })
  const limitRows = Object.entries(limits).map(([name, limit]) =>
    limit !== null && typeof limit === 'object'
      ? { plan, name, amount: limit.amount, per: limit.per }
      : { plan, name, amount: limit, per: null },
  )
  const featureRows = Object.entries(features).map(([name, value]) => ({ plan, name, value }))
  if (amounts.length > 0) await tx.insertInto('plan_billing').values(amounts).execute()
  if (limitRows.length > 0) await tx.insertInto('plan_limits').values(limitRows).execute()
  if (featureRows.length > 0) await tx.insertInto('plan_features').values(featureRows).execute()
}

/** Keeps the limits of each plan that changed them, for buyers who are pinned to what they bought. */
async function keepVersions(tx: Tx, before: Catalogue, after: Catalogue, version: number): Promise<void> {
  const old = new Map(before.plans.map(({ plan, limits }) => [plan, stable(limits)]))
  const kept = await tx.selectFrom('plan_versions').select('plan').distinct().execute()
  const known = new Set(kept.map(({ plan }) => plan))
  const values = after.plans
    .filter(({ plan, limits }) => !known.has(plan) || old.get(plan) !== stable(limits))
    .map(({ plan, limits }) => ({
      plan,
      version,
      limits: JSON.stringify(Object.entries(limits).map(([name, limit]) => ({ name, ...limit }))),
    }))
  if (values.length > 0) await tx.insertInto('plan_versions').values(values).execute()
}

function compare(before: Catalogue, after: Catalogue): string[] {
  return [
    ...differences('plan', before.plans.map(keyedPlan), after.plans.map(keyedPlan)),
    ...differences(
      'feature',
      before.features.map((feature) => [feature.name, feature] as const),
      after.features.map((feature) => [feature.name, feature] as const),
    ),
  ]
}

const keyedPlan = (plan: Plan) => [plan.plan, plan] as const

function differences(
  word: string,
  before: (readonly [string, object])[],
  after: (readonly [string, object])[],
): string[] {
  const old = new Map(before)
  const names = new Set(after.map(([name]) => name))
  return [
    ...before.filter(([name]) => !names.has(name)).map(([name]) => `- ${word} ${name}`),
    ...after.flatMap(([name, now]) => {
      const was = old.get(name)
      if (!was) return [`+ ${word} ${name}`]
      return Object.entries(now).flatMap(([field, value]) => {
        const [from, to] = [(was as Record<string, unknown>)[field], value].map((side) => stable(side))
        return from === to ? [] : [`~ ${word} ${name}: ${field} ${from} → ${to}`]
      })
    }),
  ]
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a.localeCompare(b)))
      : inner,
  )
}
