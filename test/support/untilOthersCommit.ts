import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'

const LOOK_EVERY_MS = 5

/**
 * Waits until the transactions are over that now write in other databases of the server. Changes are read up to the oldest
 * transaction that is under way, and PostgreSQL does not say in which database that is: one of another test file would keep
 * a sweep from seeing what this one has committed, until the next sweep.
 */
export async function untilOthersCommit(pool: pg.Pool, patience: AbortSignal): Promise<void> {
  let others = await writersElsewhere(pool)
  while (others.length > 0 && !patience.aborted) {
    await delay(LOOK_EVERY_MS)
    const still = new Set(await writersElsewhere(pool))
    others = others.filter((other) => still.has(other))
  }
}

async function writersElsewhere(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ writer: string }>(
    `select pid || ' ' || backend_xid as writer from pg_stat_activity
     where datname <> current_database() and backend_xid is not null`,
  )
  return rows.map(({ writer }) => writer)
}
