import type { Feature, Plan } from './catalogue.ts'

/** Whether a plan has a feature: what the plan says, else the flag's default; a flag that is off is off. */
export function planHasFeature({ features }: Plan, { name, enabled, fallback }: Feature): boolean {
  return enabled && (Object.hasOwn(features, name) ? features[name] === true : fallback)
}
