import { once } from 'node:events'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/config.ts'
import { type Db, openDatabase } from '../../src/db/database.ts'
import { inTx, together } from '../../src/db/transaction.ts'
import { openScratchDatabase, type ScratchDatabase } from './scratchDatabase.ts'
import { TcpProxy } from './tcpProxy.ts'

let app: ScratchDatabase
beforeAll(async () => {
  app = await openScratchDatabase()
  await sql`create table notes (position bigserial primary key, word text not null unique)`.execute(app.db)
})
beforeEach(async () => void (await sql`truncate notes restart identity`.execute(app.db)))
afterAll(() => app.remove())

const note = (db: Db, word: string) => sql`insert into notes (word) values (${word})`.execute(db)
const pidOf = async (db: Db) =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid ?? 0
async function words(): Promise<string[]> {
  const { rows } = await sql<{ word: string }>`select word from notes order by position`.execute(app.db)
  return rows.map(({ word }) => word)
}

describe('a connection that is killed', () => {
  const kill = (pid: number) => sql`select pg_terminate_backend(${pid}::int, 5000)`.execute(app.db)

  test('in the middle of a transaction is an error to whoever used it, and the pool goes on', async () => {
    const attempt = inTx(app, async (tx) => {
      await note(tx, 'lost')
      await kill(await pidOf(tx))
      await note(tx, 'after')
    })
    await expect(attempt).rejects.toThrow()
    const again = Array.from({ length: 8 }, (_, i) => inTx(app, (tx) => note(tx, `again ${i}`)))
    await Promise.all(again)
    expect(await words()).toHaveLength(8)
  })

  test('while statements are in flight fails each of them', async () => {
    const attempt = inTx(app, async (tx) => {
      const pid = await pidOf(tx)
      const inFlight = Array.from({ length: 5 }, () => sql`select pg_sleep(60)`.execute(tx))
      const outcomes = Promise.allSettled(inFlight)
      await untilSleeping(pid)
      await kill(pid)
      const statuses = (await outcomes).map(({ status }) => status)
      expect(statuses).toEqual(Array(5).fill('rejected'))
      throw new Error('seen')
    })
    await expect(attempt).rejects.toThrow('seen')
    await inTx(app, (tx) => note(tx, 'again'))
    expect(await words()).toEqual(['again'])
  })

  test('while `work` is busy elsewhere is an error at the commit', async () => {
    const attempt = inTx(app, async (tx) => {
      await note(tx, 'lost')
      await kill(await pidOf(tx))
    })
    await expect(attempt).rejects.toThrow()
    expect(await words()).toEqual([])
  })

  test('while idle in the pool is replaced unnoticed', async () => {
    const pids = await Promise.all([pidOf(app.db), pidOf(app.db)])
    const killer = new pg.Client({ connectionString: app.url })
    await killer.connect()
    const gone = Promise.all(pids.map(() => once(app.pool, 'error')))
    for (const pid of new Set(pids)) await killer.query('select pg_terminate_backend($1, 5000)', [pid])
    await killer.end()
    await gone.catch(() => undefined)
    await note(app.db, 'again')
    expect(await words()).toEqual(['again'])
  })

  async function untilSleeping(pid: number): Promise<void> {
    await expect
      .poll(async () => {
        const { rows } =
          await sql`select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`.execute(
            app.db,
          )
        return rows.length
      })
      .toBe(1)
  }
})

describe('a network that swallows everything', () => {
  test('is given up after a while, and the pool goes on once it is mended', async () => {
    const way = await TcpProxy.start(app.url)
    const settings = {
      databaseUrl: new Secret(way.url),
      databasePoolSize: 1,
      databasePreparedStatements: true,
    }
    const { db, closeDatabase } = openDatabase(settings, { answerWithinMs: 300 })
    const over = { db, changes: app.changes }
    for (const attempt of [
      () => inTx(over, (tx) => Promise.all([note(tx, 'lost'), note(tx, 'lost too')])),
      () => together(over, (reads) => Promise.all([pidOf(reads), pidOf(reads)])),
    ]) {
      await pidOf(db)
      way.hold()
      await expect(attempt()).rejects.toThrow()
      way.release()
    }
    await inTx(over, (tx) => note(tx, 'after'))
    expect(await words()).toEqual(['after'])
    await closeDatabase()
    await way.stop()
  })
})

describe('prepared statements', () => {
  test('outlive a change of the tables they read', async () => {
    await sql`create table shapes (id int)`.execute(app.db)
    const read = (db: Db) => sql`select * from shapes where id = ${1}`.execute(db)
    const readers = Array.from({ length: 4 }, () => together(app, (db) => Promise.all([read(db), read(db)])))
    await Promise.all(readers)
    await sql`alter table shapes add column name text default 'round'`.execute(app.db)
    await sql`insert into shapes values (1)`.execute(app.db)
    const seen = await Promise.all(Array.from({ length: 8 }, () => read(app.db)))
    for (const { rows } of seen) expect(rows).toEqual([{ id: 1, name: 'round' }])
    const inside = await inTx(app, (tx) => read(tx))
    expect(inside.rows).toEqual([{ id: 1, name: 'round' }])
  })
})
