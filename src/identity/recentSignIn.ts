import { problem } from '../problems.ts'

const RECENT_MS = 600_000

/** Throws `recent-sign-in-required` unless the session began within the last ten minutes; refreshing it counts for nothing. */
export function refuseUnlessRecent(signedInAt: Date, at: Date): void {
  if (at.getTime() - signedInAt.getTime() > RECENT_MS) throw problem('recent-sign-in-required')
}
