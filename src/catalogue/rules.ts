import type { Catalogue, Feature, Plan, Rate } from './catalogue.ts'

/** Whether a plan has a feature: what the plan says, else the flag's default; a flag that is off is off. */
export function planHasFeature({ features }: Plan, { name, enabled, fallback }: Feature): boolean {
  return enabled && (Object.hasOwn(features, name) ? features[name] === true : fallback)
}

/** Every limit that some plan names, and what it counts by in the lowest plan that does. */
export function namedLimits({ plans }: Pick<Catalogue, 'plans'>): Map<string, Rate | null> {
  const named = new Map<string, Rate | null>()
  for (const { limits } of plans) {
    for (const [name, { per }] of Object.entries(limits)) if (!named.has(name)) named.set(name, per)
  }
  return named
}
