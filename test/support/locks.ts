import { expect } from 'vitest'
import type { TestApp } from './testApp.ts'

/** Resolves once a statement waits for a lock that another transaction holds, or as many as are named. */
export async function somebodyWaits(t: TestApp, howMany = 1): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await t.app.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length
    })
    .toBe(howMany)
}
