import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Catalogues } from '../catalogue/catalogue.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { readAccount, warmCatalogue } from './readAccount.ts'
import { columnsOf } from './tellAccount.ts'

const BATCH = 200

/**
 * Notes how all accounts are, so that whoever listens from now on is told what becomes of them, not what they are.
 * Returns the change from which on they have to be looked at again; null when somebody listens already.
 */
export async function takeStock(app: App, at: Date): Promise<string | null> {
  const { rows } = await sql<{ from: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as "from"
    from webhook_watch where xid is null`.execute(app.db)
  const catalogues = await warmCatalogue(app)
  let last: string | null = null
  if (rows[0]) {
    do last = await inTx(app, (tx) => noteSome(tx, catalogues, last, at))
    while (last !== null)
  }
  return rows[0]?.from ?? null
}

async function noteSome(
  tx: Tx,
  catalogues: Catalogues,
  last: string | null,
  at: Date,
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    with nobody as (select from webhook_watch where xid is null for share)
    select a.id from accounts a, nobody
    where a.purged_at is null and (${last}::uuid is null or a.id > ${last}::uuid)
    order by a.id limit ${BATCH}`.execute(tx)
  const known = await Promise.all(
    rows.map(async ({ id }) => ({ id, now: await readAccount(tx, catalogues, id, at) })),
  )
  const told = known.flatMap(({ id, now }) => (now ? [{ account_id: id, ...columnsOf(now) }] : []))
  if (told.length > 0) {
    await tx
      .insertInto('webhook_told')
      .values(told)
      .onConflict((conflict) =>
        conflict.column('account_id').doUpdateSet((e) => ({
          name: e.ref('excluded.name'),
          closed_at: e.ref('excluded.closed_at'),
          members: e.ref('excluded.members'),
          entitlements: e.ref('excluded.entitlements'),
          next_change_at: e.ref('excluded.next_change_at'),
        })),
      )
      .execute()
  }
  return rows.length < BATCH ? null : (rows.at(-1)?.id ?? null)
}
