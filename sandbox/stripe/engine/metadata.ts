import Type from 'typebox'
import { StripeRefusal } from '../refusal.ts'

export const MOST_KEYS = 50
export const LONGEST_KEY = 40
export const LONGEST_VALUE = 500

/** Metadata as a parameter: keys with text, or '' for none at all. */
export const metadataParam = Type.Optional(
  Type.Union([Type.Literal(''), Type.Record(Type.String(), Type.String())]),
)

/**
 * Stripe's merge: keys that are not named stay, '' removes a key, and '' in place of all removes all.
 * https://docs.stripe.com/api/metadata
 */
export function mergeMetadata(
  held: Record<string, string> | null | undefined,
  given: Record<string, string> | '' | undefined,
): Record<string, string> {
  if (given === '') return {}
  const merged = Object.entries({ ...held, ...given }).filter(([, value]) => value !== '')
  if (merged.length <= MOST_KEYS) return Object.fromEntries(merged)
  throw new StripeRefusal(`Metadata can have up to ${MOST_KEYS} keys.`, { param: 'metadata' })
}
