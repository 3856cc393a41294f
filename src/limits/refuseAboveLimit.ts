import { problem } from '../problems.ts'
import type { Verdict } from './limiter.ts'

/** Throws `too-many-requests` when a limit is reached. */
export function refuseAboveLimit({ retryAfterSeconds }: Verdict): void {
  if (retryAfterSeconds !== null) throw problem('too-many-requests', undefined, { retryAfterSeconds })
}
