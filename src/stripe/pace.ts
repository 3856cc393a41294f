import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'

/** Who waits for a turn: jobs wait as long as it takes, a caller who wants an answer is refused instead. */
export type Patience = 'job' | 'caller'

const CALLER_WAITS_SECONDS = 5

/**
 * The common table `turn`, whose `at` is the next turn to read from Stripe; it has no row when that is too far away for
 * a caller. All processes together keep to STRIPE_READS_PER_SECOND. In real time by the clock of the database, since
 * Stripe's patience does not move with ours.
 */
export const takeTurn = ({ config }: Pick<App, 'config'>, patience: Patience) => {
  const apart = sql`make_interval(secs => ${1 / config.stripeReadsPerSecond}::float8)`
  const isNear = sql`next_at <= clock_timestamp() + make_interval(secs => ${CALLER_WAITS_SECONDS}::float8)`
  return sql`turn as (
    update stripe_pace set next_at = greatest(next_at, clock_timestamp()) + ${apart}
    where ${patience === 'job' ? sql`true` : isNear}
    returning next_at - ${apart} as at
  )`
}

/** How many seconds are left until the turn of `takeTurn`; null when there was none. */
export const untilTurn = sql<
  number | null
>`(select extract(epoch from at - clock_timestamp())::float8 from turn)`

/** Waits for a turn of its own; throws `stripe-unavailable` when that is too far away. */
export async function turnToRead(app: App, patience: Patience): Promise<void> {
  const { rows } = await sql<{ wait: number | null }>`
    with ${takeTurn(app, patience)} select ${untilTurn} as wait`.execute(app.db)
  await waitForTurn(rows[0]?.wait ?? null)
}

/** Lets the seconds until a turn pass; throws `stripe-unavailable` where there is no turn. */
export async function waitForTurn(seconds: number | null): Promise<void> {
  if (seconds === null) {
    throw problem('stripe-unavailable', undefined, { retryAfterSeconds: CALLER_WAITS_SECONDS })
  }
  if (seconds > 0) await sleep(seconds * 1000)
}
