import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { Unavailable } from '../../db/unavailable.ts'
import { withoutAddresses } from '../../http/log.ts'
import { isPassing, stripeErrorOf } from '../../stripe/errors.ts'

const MOST_FAILURES = 5

/**
 * Does what events ask for. What fails for a reason that does not pass counts against them: after a few times they
 * are parked with their error, for an operator to look at, and do not come up again. Everything else is thrown on,
 * to be tried later.
 */
export async function parkAfterFailures(
  app: App,
  events: string[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (events.length === 0 || isPassing(error) || isUnavailable(error)) throw error
    const { rows } = await sql<{ status: string }>`
      update stripe_events
      set attempts = attempts + 1, reason = ${reasonOf(error)},
        status = case when attempts + 1 >= ${MOST_FAILURES} then 'parked' else status end
      where id = any(${events}) and status = 'received'
      returning status`.execute(app.db)
    if (rows.some(({ status }) => status === 'received')) throw error
    app.metrics.stripeAlarms.inc({ kind: 'parked' })
    app.log.error({ error, events }, 'events of Stripe are parked: replay them once the cause is mended')
  }
}

/** Classes of SQLSTATE that pass: lost connections, conflicts, lack of resources, an operator at work. */
const PASSING_CLASSES = ['08', '40', '53', '55', '57', '58']

/** Whether the database is away or busy, rather than refusing what is written. */
function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  if (error instanceof Unavailable) return true
  if (/^[0-9A-Z]{5}$/.test(code)) return PASSING_CLASSES.includes(code.slice(0, 2))
  return /^E[A-Z]+$/.test(code) || /connection|timeout/i.test(message)
}

const MOST_OF_A_REASON = 500

function reasonOf(error: unknown): string {
  const known = stripeErrorOf(error)
  const text = known ? `${known.type} ${known.code ?? ''}: ${known.message}` : String(error)
  return withoutAddresses(text).slice(0, MOST_OF_A_REASON)
}
