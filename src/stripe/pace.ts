import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { App } from '../app.ts'

/**
 * The common table `turn`, whose `at` is the next turn to read from Stripe; all processes together keep to
 * STRIPE_READS_PER_SECOND. In real time by the clock of the database, since Stripe's patience does not move with ours.
 */
export const takeTurn = ({ config }: Pick<App, 'config'>) => {
  const apart = sql`make_interval(secs => ${1 / config.stripeReadsPerSecond}::float8)`
  return sql`turn as (
    update stripe_pace set next_at = greatest(next_at, clock_timestamp()) + ${apart}
    returning next_at - ${apart} as at
  )`
}

/** How many seconds are left until the turn of `takeTurn`. */
export const untilTurn = sql<number>`(select extract(epoch from at - clock_timestamp())::float8 from turn)`

/** Waits for a turn of its own. */
export async function turnToRead(app: App): Promise<void> {
  const { rows } = await sql<{ wait: number }>`with ${takeTurn(app)} select ${untilTurn} as wait`.execute(
    app.db,
  )
  await passTime(rows[0]?.wait)
}

/** Lets the seconds until a turn pass. */
export async function passTime(seconds = 0): Promise<void> {
  if (seconds > 0) await sleep(seconds * 1000)
}
