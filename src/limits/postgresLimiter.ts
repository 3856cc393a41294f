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
    const asked = columnsOf(limits, at)
    for (;;) {
      const { taken, blocked } = await tryTaking(asked, at, db)
      if (blocked.length > 0) return verdictOf(blocked, at)
      if (taken.length === limits.length) return { retryAfterSeconds: null }
      // A call that ran at the same time has taken them; now its count is seen.
      if (taken.length > 0) await giveBack(asked, taken, db)
    }
  }

  async peek(limits: Limit[], at: Date, db: Db = this.#db): Promise<Verdict> {
    if (limits.length === 0) return { retryAfterSeconds: null }
    const { rows } = await sql<Opening>`
      with ${wantedOf(columnsOf(limits, at))} ${openingsOf(at)}`.execute(db)
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

type Asked = ReturnType<typeof columnsOf>

interface Opening {
  opens_at: Date
}

interface Taken {
  key: Buffer
  expires_at: Date
}

/**
 * What is blocked is refused without counting. Calls that run at the same time see the same rows there and are told
 * apart by the upsert, which looks at a row as the one before has left it. Rows are taken in the order of their keys,
 * so that two calls never wait for each other.
 */
async function tryTaking(asked: Asked, at: Date, db: Db): Promise<{ taken: Taken[]; blocked: Opening[] }> {
  if (asked.keys.length === 0) return { taken: [], blocked: [] }
  const { rows } = await sql<Taken & { blocked: boolean }>`
    with ${wantedOf(asked)}, blocked as (${openingsOf(at)}), taken as (
      insert into rate_limits as r (key, points, expires_at)
      select key, points, ends_at from wanted where not exists (select from blocked) order by key
      on conflict (key) do update set
        points = case when r.expires_at > ${at} then r.points else 0 end + excluded.points,
        expires_at = case when r.expires_at > ${at} then r.expires_at else excluded.expires_at end
      where case when r.expires_at > ${at} then r.points else 0 end + excluded.points
        <= (select most from wanted w where w.key = r.key)
      returning r.key, r.expires_at
    )
    select null as key, opens_at as expires_at, true as blocked from blocked
    union all
    select key, expires_at, false from taken`.execute(db)
  const blocked = rows.filter((row) => row.blocked).map(({ expires_at }) => ({ opens_at: expires_at }))
  return { taken: rows.filter((row) => !row.blocked), blocked }
}

const wantedOf = ({ keys, most, points, ends }: Asked) => sql`wanted as (
  select * from unnest(${keys}::bytea[], ${most}::int[], ${points}::int[], ${ends}::timestamptz[])
    as w (key, most, points, ends_at)
)`

/** When each limit opens that has too few points left. */
const openingsOf = (at: Date) => sql`
  select coalesce(r.expires_at, w.ends_at) as opens_at from wanted w
  left join rate_limits r on r.key = w.key and r.expires_at > ${at}
  where coalesce(r.points, 0) + w.points > w.most`

/** Takes back what was taken for a call that another limit refuses, from the windows that it was taken from. */
async function giveBack({ keys, points }: Asked, taken: Taken[], db: Db): Promise<void> {
  const mine = taken.map(({ key }) => points[keys.findIndex((asked) => asked.equals(key))])
  await sql`
    with mine as (
      select r.key, t.points, t.expires_at
      from unnest(${taken.map(({ key }) => key)}::bytea[], ${mine}::int[],
        ${taken.map(({ expires_at }) => expires_at)}::timestamptz[]) as t (key, points, expires_at)
      join rate_limits r on r.key = t.key order by r.key for update of r
    )
    update rate_limits r set points = greatest(0, r.points - mine.points) from mine
    where r.key = mine.key and r.expires_at = mine.expires_at`.execute(db)
}

function columnsOf(limits: Limit[], at: Date) {
  return {
    keys: limits.map(({ key }) => createHash('sha256').update(key).digest()),
    most: limits.map(({ most }) => most),
    points: limits.map(({ points = 1 }) => points),
    ends: limits.map(({ windowSeconds }) => new Date(at.getTime() + windowSeconds * 1000)),
  }
}

function verdictOf(openings: Opening[], at: Date): Verdict {
  if (openings.length === 0) return { retryAfterSeconds: null }
  const last = Math.max(...openings.map(({ opens_at }) => opens_at.getTime()))
  return { retryAfterSeconds: (last - at.getTime()) / 1000 }
}
