import { readFacts } from '../../access/snapshot.ts'
import { loadCatalogue } from '../../catalogue/catalogue.ts'
import type { Config } from '../../config.ts'
import type { Tx } from '../../db/transaction.ts'
import { decide, seatLimit } from '../../entitlements/rules.ts'
import { problem } from '../../problems.ts'

/** Who takes a seat in an account, and how many its plan has. */
export interface Seats {
  members: number
  /** Invites that are out, each of which holds a seat for somebody. */
  pending: number
  /** Null is any number. */
  limit: number | null
}

/** Counts the seats of an account that the transaction has locked: nobody else takes one meanwhile. */
export async function countSeats(tx: Tx, accountId: string, at: Date): Promise<Seats> {
  const [facts, catalogue, pending] = await Promise.all([
    readFacts(tx, accountId),
    loadCatalogue(tx),
    countPending(tx, accountId, at),
  ])
  const { plan } = decide(facts, catalogue, at)
  return { members: facts.members, pending, limit: seatLimit(facts, plan) }
}

async function countPending(tx: Tx, accountId: string, at: Date): Promise<number> {
  const { count } = await tx
    .selectFrom('account_invites')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow()
  return count
}

/** Throws `seat-limit-reached` unless one more fits beside those that are `taken`. */
export function refuseWithoutSeat(
  { limit }: Pick<Seats, 'limit'>,
  taken: number,
  { upgradeUrl }: Pick<Config, 'upgradeUrl'>,
): void {
  if (limit === null || taken < limit) return
  throw problem('seat-limit-reached', { limit, used: taken, upgrade_url: upgradeUrl })
}
