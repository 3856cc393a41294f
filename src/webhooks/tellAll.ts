import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Db } from '../db/database.ts'
import { inTx } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { tellAllJob } from './jobs.ts'
import { tellAccount } from './tellAccount.ts'

const BATCH = 200

/** Promises a round through all accounts of which something was told before. One that is under way ends, and begins anew. */
export async function promiseAll(db: Db): Promise<void> {
  await sql`update webhook_watch set round = round + 1, round_after = null where xid is not null`.execute(db)
  await promiseNext(db)
}

/** Tells of the next accounts of the round, each in a commit of its own, and promises those that follow. */
export async function tellAll(app: App): Promise<void> {
  const { rows } = await sql<{ round: number; ids: string[] }>`
    select round, array(
      select account_id from webhook_told where round_after is null or account_id > round_after
      order by account_id limit ${BATCH}) as ids
    from webhook_watch where xid is not null`.execute(app.db)
  const [next] = rows
  if (!next) return
  const { round, ids } = next
  for (const account of ids) await tellAccount(app, { account })
  const last = ids.at(-1)
  if (last === undefined) return
  await inTx(app, async (tx) => {
    const moved = await tx
      .updateTable('webhook_watch')
      .set({ round_after: last })
      .where('round', '=', round)
      .returning('one')
      .executeTakeFirst()
    if (moved && ids.length === BATCH) await promiseNext(tx)
  })
}

const promiseNext = (db: Db) =>
  enqueue(db, tellAllJob, {}, { key: tellAllJob.name, onlyIf: sql`from webhook_watch where xid is not null` })
