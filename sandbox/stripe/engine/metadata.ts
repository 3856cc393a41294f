import Type from 'typebox'

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
  return Object.fromEntries(Object.entries({ ...held, ...given }).filter(([, value]) => value !== ''))
}
