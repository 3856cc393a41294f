import { CompiledQuery, sql } from 'kysely'
import type { App } from '../../app.ts'
import type { Db } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/errors.ts'
import type { Period } from './rules.ts'

/** What is to be counted or given back, under a key of the caller's. */
export interface UsageOrder {
  accountId: string
  key: string
  limit: string
  amount: number
  /** The one that is current. */
  period: Period
}

const KEPT_FOR_DAYS = 90
const BATCH = 5_000

/** Whether a known key is for something else than $3 and $4. What was refused may be tried with less. */
export const isOther = `state <> 'refused' and (name <> $3 or amount <> $4)`

/** Runs a statement that notes a key; null when a parallel one took the key, which undoes the whole statement. */
export async function noteOnce<Found>(
  db: Db,
  statement: string,
  parameters: unknown[],
): Promise<Found | null> {
  try {
    const { rows } = await db.executeQuery(CompiledQuery.raw(statement, parameters) as CompiledQuery<Found>)
    return rows[0] ?? null
  } catch (error) {
    if (isUniqueViolation(error, 'usage_keys_pkey')) return null
    throw error
  }
}

/** Has this process show the new count at once. What decides about access is not read anew for it. */
export function announceUsage({ changes }: Pick<App, 'changes'>, { accountId }: UsageOrder): void {
  changes.announce(new Set([`usage:${accountId}` as const]))
}

/**
 * Forgets keys that were last used so long ago that nobody tries again, and that every period they counted in is long
 * over. Whoever then comes with one is counted anew.
 */
export async function forgetUsageKeys({ db }: Pick<App, 'db'>, at: Date): Promise<void> {
  const oldest = new Date(at.getTime() - KEPT_FOR_DAYS * 86_400_000)
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from usage_keys where (account_id, idempotency_key, round) in (
        select account_id, idempotency_key, round from usage_keys where at < ${oldest} order by at limit ${BATCH})`.execute(
      db,
    )
    if (numAffectedRows < BATCH) return
  }
}
