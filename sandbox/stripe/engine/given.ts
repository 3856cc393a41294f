/** What a field holds after an update: what it held where nothing was given, and nothing where '' was. */
export function given<T, V>(
  held: T,
  value: V,
): T | Exclude<V, '' | undefined> | (V extends '' ? null : never) {
  if (value === undefined) return held
  return (value === '' ? null : value) as Exclude<V, '' | undefined>
}
