import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Purge } from '../db/purge.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { enqueue, job } from '../jobs/enqueue.ts'

/** Whose lines of the trail: those of an account, or those about and by a user. */
interface Whose {
  of: 'account' | 'user'
  id: string
}

/** Forgets from which addresses and devices came what the trail tells of somebody. */
export const forgetOriginsJob = job<Whose>('audit.forget-origins', { patient: true })

/** A trail may be long, so it is a job of its own, promised in the commit in which the rest goes. */
const promises = (of: Whose['of']): Purge => ({
  table: 'audit_log',
  run: (tx, id) => enqueue(tx, forgetOriginsJob, { of, id }),
})

/** What becomes of the trail of an account. */
export const accountPurges: Purge[] = [promises('account')]

/** The same for a user. */
export const userPurges: Purge[] = [promises('user')]

const BATCH = 2_000

/**
 * Takes address and device out of lines of the trail, some at a time, each in a commit of its own. What happened, when,
 * and to whom by id, stays. Run again after it was cut off, it goes through them once more.
 */
export async function forgetOrigins(app: App, { of, id }: Whose): Promise<void> {
  for (const lines of linesOf[of]) {
    let after: Line | null = null
    do {
      const batch = await inTx(app, (tx) => blankSome(tx, lines(id), after))
      after = batch.length < BATCH ? null : (batch.at(-1) ?? null)
    } while (after !== null)
  }
}

interface Line {
  at: Date
  id: string
}

/** Each as one index has them. */
const linesOf = {
  account: [(id: string) => sql`account_id = ${id}`],
  user: [
    (id: string) => sql`user_id = ${id}`,
    (id: string) => sql`actor_kind = 'user' and actor_id = ${id} and actor_id is distinct from user_id`,
  ],
}

async function blankSome(tx: Tx, lines: ReturnType<typeof sql>, after: Line | null): Promise<Line[]> {
  const { rows } = await sql<Line>`
    with batch as (
      select id, at from audit_log
      where ${lines} and (${after?.at ?? null}::timestamptz is null or (at, id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
      order by at desc, id desc limit ${BATCH}
    ), blanked as (
      update audit_log set ip = null, user_agent = null
      where id in (select id from batch) and (ip is not null or user_agent is not null)
    )
    select id, at from batch order by at desc, id desc`.execute(tx)
  return rows
}
