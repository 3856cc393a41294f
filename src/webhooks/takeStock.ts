import { sql } from 'kysely'
import type { App } from '../app.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { takeStockJob } from './jobs.ts'
import { holdReceivers, postMessages } from './postMessage.ts'
import { type AccountNow, readAccount, warmCatalogue } from './readAccount.ts'
import { newsOf } from './rules.ts'
import { draftsOf, forgetTold, lastVersion, noteTold } from './tellAccount.ts'

const BATCH = 200
/** A process that closed an account meanwhile may have read its clock a while before. */
const CLOCKS_APART_MS = 60_000

/**
 * Begins to listen, where nobody did: copies which accounts there are, and promises to note how they are, so that none of
 * them is told as new.
 */
export async function beginStock(tx: Tx, at: Date): Promise<void> {
  // Held, so that the last of the others is not deleted meanwhile, and with it what was told.
  await tx.selectFrom('webhook_watch').select('one').forUpdate().execute()
  const { rows } = await sql`
    with begun as (
      update webhook_watch
      set xid = pg_snapshot_xmin(pg_current_snapshot()), looked_at = clock_timestamp(),
        stock = pg_current_snapshot(), stock_at = ${at}
      where xid is null returning one
    ), copied as (
      insert into webhook_told (account_id) select a.id from accounts a, begun where a.purged_at is null
      -- What somebody told while the last endpoint was deleted.
      on conflict (account_id) do update
      set name = null, closed_at = null, members = null, entitlements = null, next_change_at = null
    )
    select from begun`.execute(tx)
  if (rows.length > 0) await promiseStock(tx)
}

/**
 * Notes how some of the accounts are that were not looked at yet, and promises the next. Nothing is told of them, unless they
 * have changed since the first endpoint was added: how they were is not known any more, so what they may do is told without it.
 */
export async function takeStock(app: App): Promise<void> {
  const catalogues = await warmCatalogue(app)
  const at = app.now()
  await inTx(app, async (tx) => {
    const { rows: watching } = await sql<{ stock_at: Date }>`
      select stock_at from webhook_watch where xid is not null for key share`.execute(tx)
    const [watch] = watching
    if (!watch) return
    const { rows } = await sql<{ account_id: string; version: number }>`
      select account_id, ${lastVersion} as version from webhook_told where name is null order by account_id limit ${BATCH} for update`.execute(
      tx,
    )
    const ids = rows.map(({ account_id }) => account_id)
    // As of then: what time alone has changed since is due, and told by the sweep that looks for it.
    const known = await Promise.all(ids.map((id) => readAccount(tx, catalogues, id, watch.stock_at)))
    // Read after the accounts: a change that is in them is seen here too.
    const changed = await changedSince(tx, ids)
    await Promise.all(
      rows.map(async ({ account_id: id, version }, i) => {
        const isChanged = changed.has(id)
        const account = isChanged ? await readAccount(tx, catalogues, id, at) : known[i]
        if (!account) return forgetTold(tx, id)
        const told = { id, version, since: new Date(watch.stock_at.getTime() - CLOCKS_APART_MS) }
        return isChanged ? tellOf(tx, told, account, at) : noteTold(tx, id, version, account)
      }),
    )
    if (rows.length === BATCH) await promiseStock(tx)
  })
}

const promiseStock = (tx: Tx) => enqueue(tx, takeStockJob, {}, { key: takeStockJob.name })

async function tellOf(
  tx: Tx,
  { id, version, since }: { id: string; version: number; since: Date },
  now: AccountNow,
  at: Date,
): Promise<void> {
  const { closedAt } = now.known
  const before = {
    ...now.known,
    closedAt: closedAt && closedAt > since ? null : closedAt,
    entitlements: null,
  }
  const news = newsOf(before, now.known)
  await postMessages(tx, await holdReceivers(tx), draftsOf(id, version, news), at)
  await noteTold(tx, id, version + news.length, now)
}

/** Which of these accounts were changed by what the first endpoint came before. */
async function changedSince(tx: Tx, ids: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select distinct a.id from webhook_watch w, changes c, unnest(c.subjects) s, unnest(${ids}::text[]) a(id)
    where c.xid >= pg_snapshot_xmin(w.stock) and not pg_visible_in_snapshot(c.xid, w.stock) and (s = 'account:' || a.id or s = 'catalogue')`.execute(
    tx,
  )
  return new Set(rows.map(({ id }) => id))
}
