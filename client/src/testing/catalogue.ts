/** A catalogue as `frontgate catalogue apply` takes it, as far as guards depend on it; a product's own file fits. */
export interface Catalogue {
  features: Record<string, { enabled: boolean; default: boolean }>
  /** From the lowest to the highest. */
  plans: CataloguePlan[]
}

export interface CataloguePlan {
  plan: string
  display_name?: string
  /** Default: true. */
  public?: boolean
  /** A number is a level, an object is a rate, null is unlimited. */
  limits: Record<string, number | null | { per: string; amount: number | null }>
  features: Record<string, boolean>
}

/** The catalogue that Frontgate comes with. */
export const defaultCatalogue: Catalogue = {
  features: {
    flowpilot: { enabled: true, default: false },
    scripts: { enabled: true, default: false },
  },
  plans: [
    {
      plan: 'free',
      display_name: 'Free',
      limits: { members: 3, trees: 1, kb_conversions: { per: 'month', amount: 0 } },
      features: {},
    },
    {
      plan: 'pro',
      display_name: 'Pro',
      limits: { members: 5, trees: 100, kb_conversions: { per: 'month', amount: 50 } },
      features: { flowpilot: true, scripts: true },
    },
    {
      plan: 'team',
      display_name: 'Team',
      limits: { members: 50, trees: 1000, kb_conversions: { per: 'month', amount: 500 } },
      features: { flowpilot: true, scripts: true },
    },
    {
      plan: 'enterprise',
      display_name: 'Enterprise',
      limits: { members: null, trees: null, kb_conversions: { per: 'month', amount: null } },
      features: { flowpilot: true, scripts: true },
    },
  ],
}

/** What an account has of its own, beside its plan. */
export interface OwnValues {
  features: Readonly<Record<string, boolean>>
  /** Null is unlimited. */
  limits: Readonly<Record<string, number | null>>
}

/** Names of plans up to one. */
export function plansUpTo({ plans }: Catalogue, plan: string): string[] {
  const names = plans.map((known) => known.plan)
  return names.slice(0, names.indexOf(plan) + 1)
}

/** Whether an account on a plan has a feature: what is its own, else the plan's, else the default; a flag that is off is off. */
export function hasFeature(catalogue: Catalogue, plan: CataloguePlan, name: string, own?: boolean): boolean {
  const flag = catalogue.features[name]
  if (!flag?.enabled) return false
  return own ?? (Object.hasOwn(plan.features, name) ? plan.features[name] === true : flag.default)
}

/** Every limit for an account on a plan; nothing of what the plan does not name. */
export function limitsOf(
  { plans }: Catalogue,
  { limits }: CataloguePlan,
  own: OwnValues['limits'] = {},
): Record<string, { per: string | null; amount: number | null }> {
  const named = new Map<string, string | null>()
  for (const plan of plans) {
    for (const [name, limit] of Object.entries(plan.limits))
      if (!named.has(name)) named.set(name, perOf(limit))
  }
  return Object.fromEntries(
    Array.from(named, ([name, per]) => {
      const limit = Object.hasOwn(limits, name) ? limits[name] : 0
      const planned = typeof limit === 'object' && limit !== null ? limit.amount : (limit ?? null)
      const ownAmount = own[name]
      return [name, { per, amount: ownAmount === undefined ? planned : ownAmount }]
    }),
  )
}

/** The plan of a name; an error that lists all where there is none. */
export function planNamed({ plans }: Catalogue, name: string): CataloguePlan {
  const plan = plans.find((known) => known.plan === name)
  if (!plan)
    throw new Error(`There is no plan ${name}; the catalogue has ${listed(plans.map((p) => p.plan))}.`)
  return plan
}

/** Refuses names that the catalogue does not have, and lists those that it has. */
export function refuseUnknown(word: string, names: string[], known: string[]): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`There is no ${word} ${unknown}; the catalogue has ${listed(known)}.`)
  }
}

const perOf = (limit: CataloguePlan['limits'][string] | undefined) =>
  typeof limit === 'object' && limit !== null ? limit.per : null
const listed = (names: string[]) => names.join(', ') || 'none'
