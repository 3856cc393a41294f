import { sql } from 'kysely'
import { holdsSeat, readFacts } from '../../access/snapshot.ts'
import { type Catalogue, loadCatalogue, type Plan } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config.ts'
import type { Db } from '../../db/database.ts'
import type { AccountFacts } from '../../entitlements/facts.ts'
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

/** Throws `seat-limit-reached` unless one more fits beside those that are `used`. */
export async function refuseWithoutSeat(
  db: Db,
  config: Pick<Config, 'upgradeUrl'>,
  { accountId, limit, used }: Pick<Seats, 'limit'> & { accountId: string; used: number },
  at: Date,
): Promise<void> {
  if (limit !== null && used >= limit)
    throw await seatLimitReached(db, config, { accountId, limit, used }, at)
}

/** What somebody is told for whom no seat is free, with the plan on which one would be. */
export async function seatLimitReached(
  db: Db,
  { upgradeUrl }: Pick<Config, 'upgradeUrl'>,
  { accountId, limit, used }: { accountId: string; limit: number; used: number },
  at: Date,
): Promise<Problem> {
  const [facts, catalogue] = await Promise.all([readFacts(db, accountId), loadCatalogue(db)])
  const { plan } = decide(facts, catalogue, at)
  const larger = lowestPlanWithSeat(used, plan, facts, catalogue, at)
  return problem('seat-limit-reached', {
    reason: 'limit-reached',
    plan: plan.plan,
    limit,
    used,
    required_plan: larger?.plan ?? null,
    upgrade_url: upgradeUrl,
  })
}

/** The lowest public plan above the account's own on which one more fits beside those that are `used`. */
function lowestPlanWithSeat(
  used: number,
  own: Plan,
  facts: AccountFacts,
  { plans }: Catalogue,
  at: Date,
): Plan | null {
  const holdsOneMore = (plan: Plan) => {
    const limit = seatLimit(facts, plan, at)
    return limit === null || used < limit
  }
  return plans.find((plan) => plan.public && plan.rank > own.rank && holdsOneMore(plan)) ?? null
}
