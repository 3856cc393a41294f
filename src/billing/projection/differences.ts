import { isDeepStrictEqual } from 'node:util'
import type { MirroredSubscription } from './rules.ts'

/** What one look changed about one subscription; `before` is null for one that was not known. */
export interface Difference {
  id: string
  before: MirroredSubscription | null
  after: MirroredSubscription
}

/** Every subscription that is not as it was. Effects are decided from these, so a look that finds nothing new has none. */
export function differencesOf(before: MirroredSubscription[], after: MirroredSubscription[]): Difference[] {
  return after.flatMap((one) => {
    const was = before.find(({ id }) => id === one.id) ?? null
    return was && isSame(was, one) ? [] : [{ id: one.id, before: was, after: one }]
  })
}

/** Whether two mirrors say the same, whatever else their rows hold. An anchor that is not known yet comes with the next difference. */
export function isSame(a: MirroredSubscription, b: MirroredSubscription): boolean {
  return (Object.keys(b) as (keyof MirroredSubscription)[]).every(
    (name) => (name === 'billingAnchor' && a[name] === null) || isDeepStrictEqual(a[name], b[name]),
  )
}
