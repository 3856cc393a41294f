import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

/** How plans, limits and features are named, as the tables have it. */
export const NAME_PATTERN = '^[a-z][a-z0-9_]{0,39}$'

export type Interval = 'month' | 'year'

/** What a rate counts by: calendar months in UTC, or months from the day that billing counts from. */
export const rates = ['month', 'billing_month'] as const
export type Rate = (typeof rates)[number]

/** A number a plan grants: a level when `per` is null, else a rate. `amount` null is unlimited. */
export interface PlanLimit {
  amount: number | null
  per: Rate | null
}

export interface Plan {
  plan: string
  /** Position in the catalogue: a higher plan has what a lower one has. */
  rank: number
  displayName: string
  description: string
  public: boolean
  contactSales: boolean
  /** How Stripe's quantity relates to members; null when the price is not per seat. */
  seats: 'follow' | 'fixed' | null
  /** Minor units of `currency`; null when there is no public price. */
  price: { currency: string; month: number | null; year: number | null } | null
  limits: Record<string, PlanLimit>
  features: Record<string, boolean>
  /** Whether those who buy the plan keep its limits as they were then. */
  pinLimits: boolean
}

export interface Feature {
  name: string
  description: string
  /** A flag that is off here is off for everybody. */
  enabled: boolean
  fallback: boolean
}

/** All plans from the lowest to the highest, and all features. */
export interface Catalogue {
  version: number
  plans: Plan[]
  features: Feature[]
  /** A plan, with the limits it had at a version that a buyer is pinned to. */
  planOf(name: string, pinnedVersion?: number | null): Plan
}

/** Keeps the catalogue in memory, one per version; snapshots of accounts say which version is current. */
export class Catalogues {
  #latest: Catalogue | undefined
  #loading: Promise<Catalogue> | undefined
  readonly #db: Db
  constructor(db: Db) {
    this.#db = db
  }

  /** The catalogue of this version or a newer one, without a round trip when it is the one at hand. */
  async at(version: number): Promise<Catalogue> {
    return this.remembered(version) ?? this.#reload(version)
  }

  /** The same, where it is at hand. */
  remembered(version: number): Catalogue | null {
    return this.#latest && this.#latest.version >= version ? this.#latest : null
  }

  async current(): Promise<Catalogue> {
    const { version } = await this.#db
      .selectFrom('catalogue_versions')
      .select((e) => e.fn.coalesce(e.fn.max('version'), sql<number>`0`).as('version'))
      .executeTakeFirstOrThrow()
    return this.at(version)
  }

  /** A change of the catalogue is read once, however many accounts see it first. */
  async #reload(version: number): Promise<Catalogue> {
    const begun = await this.#loading
    if (begun && begun.version >= version) return begun
    this.#loading ??= loadCatalogue(this.#db).finally(() => {
      this.#loading = undefined
    })
    this.#latest = await this.#loading
    return this.#latest
  }
}

type StoredLimit = { name: string } & PlanLimit

interface StoredPlan extends Omit<Plan, 'price' | 'limits' | 'features'> {
  prices: { billing_interval: Interval; currency: string; amount_minor: number }[]
  limits: StoredLimit[]
  features: { name: string; value: boolean }[]
}

/** Reads the whole catalogue as one statement sees it. */
export async function loadCatalogue(db: Db): Promise<Catalogue> {
  const { rows } = await sql<{
    version: number
    plans: StoredPlan[]
    features: Feature[]
    pinned: { plan: string; version: number; limits: StoredLimit[] }[]
  }>`
    select
      (select coalesce(max(version), 0) from catalogue_versions) as version,
      (select coalesce(json_agg(json_build_object(
          'plan', p.plan, 'rank', p.rank, 'displayName', p.display_name, 'description', p.description,
          'public', p.public, 'contactSales', p.contact_sales, 'seats', p.seats, 'pinLimits', p.pin_limits,
          'prices', (select coalesce(json_agg(b), '[]') from plan_billing b where b.plan = p.plan),
          'limits', (select coalesce(json_agg(l), '[]') from plan_limits l where l.plan = p.plan),
          'features', (select coalesce(json_agg(f), '[]') from plan_features f where f.plan = p.plan)
        ) order by p.rank), '[]') from plans p) as plans,
      (select coalesce(json_agg(json_build_object(
          'name', f.name, 'description', f.description, 'enabled', f.enabled, 'fallback', f.default_value
        ) order by f.name), '[]') from feature_flags f) as features,
      -- Also those that nobody holds any more: they are few, and whoever asked the grants would read all of them.
      (select coalesce(json_agg(v), '[]') from plan_versions v) as pinned`.execute(db)
  const [stored] = rows
  if (!stored) throw new Error('The catalogue could not be read')
  const plans = stored.plans.map(planFrom)
  const pinned = new Map(
    stored.pinned.map(({ plan, version, limits }) => [`${plan} ${version}`, limitsFrom(limits)]),
  )
  return {
    version: stored.version,
    plans,
    features: stored.features,
    planOf(name, pinnedVersion = null) {
      const plan = plans.find((candidate) => candidate.plan === name)
      if (!plan) throw new Error(`The catalogue has no plan ${name}: run \`frontgate catalogue apply\``)
      const limits = pinnedVersion === null ? undefined : pinned.get(`${name} ${pinnedVersion}`)
      return limits ? { ...plan, limits } : plan
    },
  }
}

function planFrom({ prices, limits, features, ...plan }: StoredPlan): Plan {
  const amountOf = (interval: Interval) =>
    prices.find((price) => price.billing_interval === interval)?.amount_minor ?? null
  return {
    ...plan,
    price: prices[0]
      ? { currency: prices[0].currency, month: amountOf('month'), year: amountOf('year') }
      : null,
    limits: limitsFrom(limits),
    features: Object.fromEntries(features.map(({ name, value }) => [name, value])),
  }
}

function limitsFrom(limits: StoredLimit[]): Record<string, PlanLimit> {
  return Object.fromEntries(limits.map(({ name, amount, per }) => [name, { amount, per }]))
}
