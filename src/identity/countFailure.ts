import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { together } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import type { Limit } from '../limits/limiter.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'

/**
 * Counts a wrong password and writes it to the trail; the one that fills the count is written there as the
 * lock too. Throws `too-many-requests` when the count was full already.
 */
export async function countFailure(
  app: App,
  caller: Caller,
  { what, limits, userId }: { what: 'sign-in' | 'password'; limits: Limit[]; userId: string | null },
  at: Date,
): Promise<void> {
  const [before, after] = await together(app, (db) =>
    Promise.all([
      app.limiter.take(limits, at, db),
      app.limiter.peek(limits, at, db),
      audit(db, caller, { action: `${what}.refused`, userId }, at),
    ]),
  )
  refuseAboveLimit(before)
  if (after.retryAfterSeconds !== null) await audit(app.db, caller, { action: `${what}.locked`, userId }, at)
}
