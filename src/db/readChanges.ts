import type pg from 'pg'
import { type Position, readSnapshotText } from './positions.ts'
import type { Changed, Subject } from './transaction.ts'

/** What has changed since a position, and the position after it. */
export interface News {
  changed: Changed
  /** Without what only the transactions that were named have changed. */
  ofOthers: Changed
  position: Position
}

/** Of more than this nobody wants to hear one by one. */
const MOST_ROWS = 10_000
// Rows are kept for a day: a position that is nearly as old may have lost some.
const OLDEST_MS = 23 * 3_600_000

/**
 * Reads what was committed after a position, each change exactly once however long its transaction took: what the
 * snapshot of the position could not see, and this one can. Everything has changed where there is no telling: after no
 * position, one that is too old or of another database, and after more changes than anybody wants to hear of. A standby
 * is not read: it does not tell what was under way.
 */
export async function readChanges(
  connection: Pick<pg.Pool | pg.Client, 'query'>,
  after: Position | null,
  named: string[] = [],
): Promise<News> {
  const parameters = [after?.next.toString() ?? null, after?.underWay.map(String) ?? [], named]
  const { rows } = await connection.query<NewsRow>({ text: statement, values: parameters })
  const [row] = rows
  if (!row) throw new Error('What has changed could not be read')
  const position = { origin: row.origin, at: row.at, ...readSnapshotText(row.snapshot) }
  const isTold = after !== null && isBefore(after, position) && row.count <= MOST_ROWS
  if (!isTold) return { changed: 'everything', ofOthers: 'everything', position }
  return { changed: new Set(row.subjects), ofOthers: new Set(row.of_others), position }
}

interface NewsRow {
  origin: string
  snapshot: string
  at: number
  count: number
  subjects: Subject[]
  of_others: Subject[]
}

// Rows from beyond the snapshot are of another database, which this one was restored from. A standby that is promoted, or a
// server that comes back from a backup or a crash, may lack commits that were told, and give out their ids once more: what
// they have in common is that the server is another one, or was started again. Any role may ask for when.
const statement = `
  with news as (
    select xid, subjects from changes
    where (xid >= $1::xid8 or xid = any($2::xid8[])) and xid < pg_snapshot_xmax(pg_current_snapshot())
    limit ${MOST_ROWS + 1}
  )
  select
    concat_ws('-', (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint,
      (select d.oid from pg_database d where d.datname = current_database()), 'changes'::regclass::oid) as origin,
    pg_current_snapshot()::text as snapshot,
    floor(extract(epoch from clock_timestamp()) * 1000)::float8 as at,
    (select count(*) from news) as count,
    array(select distinct unnest(subjects) from news) as subjects,
    array(select distinct unnest(subjects) from news where xid <> all($3::xid8[])) as of_others
  where not pg_is_in_recovery()`

function isBefore(after: Position, now: Position): boolean {
  return after.origin === now.origin && after.next <= now.next && now.at - after.at < OLDEST_MS
}
