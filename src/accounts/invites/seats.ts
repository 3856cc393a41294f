import { sql } from 'kysely'
import { holdsSeat, readFacts } from '../../access/snapshot.ts'
import { loadCatalogue } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config.ts'
import type { Db } from '../../db/database.ts'
import { decide, seatLimit } from '../../entitlements/rules.ts'
import { type Problem, problem } from '../../problems.ts'

/** Who takes a seat in an account, and how many its plan has. */
export interface Seats {
  members: number
  /** Invites that are out, each of which holds a seat for somebody. */
  pending: number
  /** Null is any number. */
  limit: number | null
}

/** Counts the seats of an account: where the transaction has locked it, nobody else takes one meanwhile. */
export async function countSeats(db: Db, accountId: string, at: Date): Promise<Seats> {
  const [facts, catalogue, pending] = await Promise.all([
    readFacts(db, accountId),
    loadCatalogue(db),
    countPending(db, accountId, at),
  ])
  const { plan } = decide(facts, catalogue, at)
  return { members: facts.members, pending, limit: seatLimit(facts, plan, at) }
}

async function countPending(db: Db, accountId: string, at: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from account_invites i
    where i.account_id = ${accountId} and ${sql.raw(holdsSeat)} and i.expires_at > ${at}`.execute(db)
  return rows[0]?.count ?? 0
}

/** Throws `seat-limit-reached` unless one more fits beside those that are `taken`. */
export function refuseWithoutSeat(
  { limit }: Pick<Seats, 'limit'>,
  taken: number,
  config: Pick<Config, 'upgradeUrl'>,
): void {
  if (limit !== null && taken >= limit) throw seatLimitReached({ limit, used: taken }, config)
}

/** What somebody is told for whom no seat is free. */
export function seatLimitReached(
  { limit, used }: { limit: number; used: number },
  { upgradeUrl }: Pick<Config, 'upgradeUrl'>,
): Problem {
  return problem('seat-limit-reached', { limit, used, upgrade_url: upgradeUrl })
}
