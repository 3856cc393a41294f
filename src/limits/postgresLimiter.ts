import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Limit, Limiter, Verdict } from './limiter.ts'

const SWEPT_AT_ONCE = 5_000

/** Counters in one unlogged table; each call is one statement. */
export class PostgresLimiter implements Limiter {
  readonly #db: Db
  constructor(db: Db) {
    this.#db = db
  }

  async take(limits: Limit[], at: Date, db: Db = this.#db): Promise<Verdict> {
    if (limits.length === 0) return { retryAfterSeconds: null }
    const { keys, most, ends } = columnsOf(limits, at)
    // `blocked` refuses politely, without counting. Calls that run at the same time see the same rows there
    // and are told apart by the upsert, whose count the last line of the select compares. Rows are taken in
    // the order of their keys, so that two calls never wait for each other.
    const { rows } = await sql<{ opens_at: Date; counted: boolean }>`
      with wanted as (
        select * from unnest(${keys}::bytea[], ${most}::int[], ${ends}::timestamptz[]) as w (key, most, ends_at)
      ), blocked as (
        select r.expires_at from wanted w
        join rate_limits r on r.key = w.key and r.expires_at > ${at} and r.points >= w.most
      ), taken as (
        insert into rate_limits as r (key, points, expires_at)
        select key, 1, ends_at from wanted where not exists (select from blocked) order by key
        on conflict (key) do update set
          points = case when r.expires_at > ${at} then r.points + 1 else 1 end,
          expires_at = case when r.expires_at > ${at} then r.expires_at else excluded.expires_at end
        returning r.key, r.points, r.expires_at
      )
      select expires_at as opens_at, false as counted from blocked
      union all
      select t.expires_at, true from taken t join wanted w on w.key = t.key where t.points > w.most`.execute(
      db,
    )
    if (rows.some(({ counted }) => counted)) await giveBack(db, keys)
    return verdictOf(rows, at)
  }

  async peek(limits: Limit[], at: Date, db: Db = this.#db): Promise<Verdict> {
    if (limits.length === 0) return { retryAfterSeconds: null }
    const { keys, most } = columnsOf(limits, at)
    const { rows } = await sql<{ opens_at: Date }>`
      select r.expires_at as opens_at
      from unnest(${keys}::bytea[], ${most}::int[]) as w (key, most)
      join rate_limits r on r.key = w.key and r.expires_at > ${at} and r.points >= w.most`.execute(db)
    return verdictOf(rows, at)
  }

  async sweep(at: Date): Promise<void> {
    for (;;) {
      // Rows that a call is counting on are left to the next sweep: waiting for them could be a deadlock.
      const { numDeletedRows } = await this.#db
        .deleteFrom('rate_limits')
        .where('key', 'in', (over) =>
          over
            .selectFrom('rate_limits')
            .select('key')
            .where('expires_at', '<=', at)
            .limit(SWEPT_AT_ONCE)
            .forUpdate()
            .skipLocked(),
        )
        .executeTakeFirst()
      if (numDeletedRows < SWEPT_AT_ONCE) return
    }
  }

  async close(): Promise<void> {}
}

/** Takes back the points of a call that was refused by one that ran at the same time. */
async function giveBack(db: Db, keys: Buffer[]): Promise<void> {
  await sql`
    with mine as (
      select key from rate_limits where key = any(${keys}::bytea[]) order by key for update
    )
    update rate_limits r set points = r.points - 1 from mine where r.key = mine.key and r.points > 0`.execute(
    db,
  )
}

function columnsOf(limits: Limit[], at: Date) {
  return {
    keys: limits.map(({ key }) => createHash('sha256').update(key).digest()),
    most: limits.map(({ most }) => most),
    ends: limits.map(({ windowSeconds }) => new Date(at.getTime() + windowSeconds * 1000)),
  }
}

function verdictOf(rows: { opens_at: Date }[], at: Date): Verdict {
  if (rows.length === 0) return { retryAfterSeconds: null }
  const last = Math.max(...rows.map(({ opens_at }) => opens_at.getTime()))
  return { retryAfterSeconds: (last - at.getTime()) / 1000 }
}
