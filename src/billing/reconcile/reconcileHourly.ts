import type { App } from '../../app.ts'
import { isPassing } from '../../stripe/errors.ts'
import { reconcile } from './reconcile.ts'

const HOUR = 3_600_000
/** One that has not finished by then was cut off. */
const UNDER_WAY_FOR_MS = 20 * 60_000

/** The sweep that mends what was never delivered: once an hour. While Stripe is away it waits for the next minute. */
export async function reconcileHourly(app: App, at: Date): Promise<void> {
  if (!app.stripe) return
  const before = (millis: number) => new Date(at.getTime() - millis)
  const recent = await app.db
    .selectFrom('reconciliations')
    .select('id')
    .where((e) =>
      e.or([
        e('started_at', '>', before(UNDER_WAY_FOR_MS)),
        e.and([e('started_at', '>', before(HOUR)), e('finished_at', 'is not', null)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  if (recent) return
  try {
    await reconcile(app)
  } catch (error) {
    if (!isPassing(error)) throw error
    app.log.warn({ error }, 'Stripe cannot be reconciled with right now')
  }
}
