import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Db } from '../db/database.ts'
import { inTx, together } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { tellAccountJob } from './jobs.ts'
import { promiseAll } from './tellAll.ts'

const BATCH = 1_000
/** Changes are kept for a day. Where they may have been forgotten before they were read, all accounts are looked at. */
const LATE_AFTER = sql.lit('12 hours')

const ringing = new WeakMap<App, Set<Promise<void>>>()

/**
 * Promises to tell of what this process hears of, at once. A doorbell only: what it misses is found in the table of changes.
 * Returns what ends it.
 */
export function tellOnChanges(app: App): () => Promise<void> {
  const rings = new Set<Promise<void>>()
  ringing.set(app, rings)
  let isOver = false
  app.changes.listen((changed: ReadonlySet<string> | 'everything') => {
    // What nobody can tell any more is in the table.
    const named = isOver || changed === 'everything' ? [] : [...changed].filter(isTold)
    if (named.length === 0) return
    const ring = together(app, (db) => promiseTellings(db, named))
      .catch((error: unknown) =>
        app.log.warn({ error }, 'changes could not be promised to be told; a sweep will'),
      )
      .finally(() => rings.delete(ring))
    rings.add(ring)
  })
  return async () => {
    isOver = true
    await Promise.all(rings)
  }
}

/** Waits until what was heard of is promised. */
export async function untilRung(app: App): Promise<void> {
  await Promise.all(ringing.get(app) ?? [])
}

/**
 * Promises to tell of all changes that were committed and not promised before, and of accounts that time alone has
 * changed. At least once: what a killed process had heard of is still here.
 */
export async function sweepChanges(app: App, at: Date): Promise<void> {
  while (await readSome(app)) {
    // There is more.
  }
  let last: string | null = null
  do last = await promiseDue(app, last, at)
  while (last !== null)
}

const ACCOUNT = 'account:'
const isTold = (subject: string) => subject.startsWith(ACCOUNT) || subject === 'catalogue'

/** One job for each account waits at a time, and none while there is no endpoint. */
async function promiseTellings(db: Db, subjects: string[]): Promise<void> {
  const onlyIf = sql`from webhook_watch where xid is not null`
  // In one order, so that no two who promise the same wait for each other.
  const promised = [...subjects].sort().map((subject) => {
    if (subject === 'catalogue') return promiseAll(db)
    const account = subject.slice(ACCOUNT.length)
    return enqueue(db, tellAccountJob, { account }, { key: `${tellAccountJob.name} ${account}`, onlyIf })
  })
  await Promise.all(promised)
}

interface Read {
  /** All transactions below it are over. */
  horizon: string
  last: string | null
  count: number
  subjects: string[]
}

/** Reads on from where the last one ended, and moves on in the commit that promises; true when there may be more. */
async function readSome(app: App): Promise<boolean> {
  return inTx(app, async (tx) => {
    const { rows } = await sql<{ xid: string; is_late: boolean }>`
      select xid::text,
        looked_at < clock_timestamp() - ${LATE_AFTER}::interval or xid > pg_snapshot_xmax(pg_current_snapshot()) as is_late
      from webhook_watch where xid is not null for no key update skip locked`.execute(tx)
    const [watch] = rows
    if (!watch) return false
    const found = await sql<Read>`
      with batch as materialized (
        select xid, subjects from changes
        where xid >= ${watch.xid}::xid8 and xid < pg_snapshot_xmin(pg_current_snapshot())
        order by xid limit ${BATCH}
      )
      select pg_snapshot_xmin(pg_current_snapshot())::text as horizon,
        (select xid::text from batch order by xid desc limit 1) as last, (select count(*) from batch) as count,
        array(select distinct s from batch, unnest(subjects) s where s = 'catalogue' or s like 'account:%') as subjects
    `.execute(tx)
    const [read] = found.rows
    if (!read) return false
    // In a database that was restored from a dump, ids of transactions begin anew.
    await promiseTellings(tx, watch.is_late ? [...read.subjects, 'catalogue'] : read.subjects)
    const isFull = read.count === BATCH && read.last !== null
    const next = isFull ? String(BigInt(read.last ?? 0) + 1n) : read.horizon
    // Behind a transaction that lasts, rows are forgotten that were never read: time counts on.
    await sql`
      update webhook_watch set xid = ${next}::xid8,
        looked_at = case when xid < ${next}::xid8 or ${watch.is_late} then clock_timestamp() else looked_at end`.execute(
      tx,
    )
    return isFull
  })
}

async function promiseDue(app: App, last: string | null, at: Date): Promise<string | null> {
  return inTx(app, async (tx) => {
    const { rows } = await sql<{ account_id: string }>`
      select account_id from webhook_told
      where next_change_at <= ${at} and (${last}::uuid is null or account_id > ${last}::uuid)
      order by account_id limit ${BATCH}`.execute(tx)
    await promiseTellings(
      tx,
      rows.map(({ account_id }) => ACCOUNT + account_id),
    )
    return rows.length < BATCH ? null : (rows.at(-1)?.account_id ?? null)
  })
}
