import type { App } from '../../app.ts'
import { isPassing } from '../../stripe/errors.ts'
import { reconcile } from './reconcile.ts'

const HOUR = 3_600_000

/** The sweep that mends what was never delivered: once an hour. While Stripe is away it waits for the next minute. */
export async function reconcileHourly(app: App, at: Date): Promise<void> {
  if (!app.stripe) return
  const recent = await app.db
    .selectFrom('reconciliations')
    .select('id')
    .where('started_at', '>', new Date(at.getTime() - HOUR))
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
