import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Db } from '../../src/db/database.ts'
import { changed, inTx, type Tx, together } from '../../src/db/transaction.ts'
import { openScratchDatabase, type ScratchDatabase } from './scratchDatabase.ts'

const changesTable = new URL('../../migrations/0012_changes.sql', import.meta.url)

let app: ScratchDatabase
beforeAll(async () => {
  app = await openScratchDatabase()
  await sql`create table notes (position bigserial primary key, word text not null unique)`.execute(app.db)
  await sql.raw(await readFile(changesTable, 'utf8')).execute(app.db)
})
beforeEach(async () => void (await sql`truncate notes, changes restart identity`.execute(app.db)))
afterAll(() => app.remove())

const note = (db: Db, word: string) => sql`insert into notes (word) values (${word})`.execute(db)
const fail = (db: Db) => sql`select 1 / ${0}::int`.execute(db)
const pidOf = async (db: Db) =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid ?? 0
async function words(): Promise<string[]> {
  const { rows } = await sql<{ word: string }>`select word from notes order by position`.execute(app.db)
  return rows.map(({ word }) => word)
}

describe('inTx', () => {
  test('statements issued together run in the order in which they were issued, of whatever kind they are', async () => {
    const builder = (tx: Tx, word: string) =>
      tx
        .insertInto('notes' as never)
        .values({ word } as never)
        .returningAll()
        .executeTakeFirst()
    const numbers = Array.from({ length: 30 }, (_, i) => String(i).padStart(2, '0'))
    await inTx(app, (tx) =>
      Promise.all(
        numbers.map((word, i) => {
          if (i % 3 === 0) return note(tx, word)
          if (i % 3 === 1) return builder(tx, word)
          return sql.raw(`insert into notes (word) values ('${word}')`).execute(tx)
        }),
      ),
    )
    expect(await words()).toEqual(numbers)
  })

  test('what `work` returns is returned once it is committed', async () => {
    const result = await inTx(app, async (tx) => {
      await note(tx, 'kept')
      expect(await words()).toEqual([])
      return 'done'
    })
    expect(result).toBe('done')
    expect(await words()).toEqual(['kept'])
  })

  test('one failing statement undoes all, those issued after it too, and its error is the one that surfaces', async () => {
    const attempt = inTx(app, (tx) =>
      Promise.all([note(tx, 'before'), fail(tx), note(tx, 'after'), sql`select wrong`.execute(tx)]),
    )
    await expect(attempt).rejects.toThrow('division by zero')
    expect(await words()).toEqual([])
  })

  test('the first error surfaces also where `work` meets a later one first', async () => {
    const attempt = inTx(app, async (tx) => {
      const early = fail(tx)
      early.catch(() => undefined)
      await note(tx, 'after')
      await early
    })
    await expect(attempt).rejects.toThrow('division by zero')
  })

  test('an error of `work` itself undoes all and surfaces as it is', async () => {
    const refusal = new Error('refused')
    const attempt = inTx(app, async (tx) => {
      await note(tx, 'before')
      throw refusal
    })
    await expect(attempt).rejects.toBe(refusal)
    expect(await words()).toEqual([])
  })

  test('an error that `work` swallows is not passed off as a commit', async () => {
    const attempt = inTx(app, async (tx) => {
      await note(tx, 'before')
      await fail(tx).catch(() => undefined)
    })
    await expect(attempt).rejects.toThrow('nothing was committed')
    expect(await words()).toEqual([])
  })

  test('a branch of `work` that goes on after another one failed writes nothing', async () => {
    const { promise: failed, resolve: goOn } = Promise.withResolvers<void>()
    let late: Promise<unknown> | undefined
    const attempt = inTx(app, (tx) => {
      late = note(tx, 'before').then(async () => {
        await failed
        await note(tx, 'late')
      })
      late.catch(() => undefined)
      return Promise.all([late, Promise.reject(new Error('refused'))])
    })
    await expect(attempt).rejects.toThrow('refused')
    goOn()
    await expect(late).rejects.toThrow('is over')
    expect(await words()).toEqual([])
  })

  test('a statement issued after the commit is refused instead of slipping into the next transaction', async () => {
    let kept: Tx | undefined
    await inTx(app, async (tx) => {
      kept = tx
      await note(tx, 'in time')
    })
    await expect(note(kept as Tx, 'late')).rejects.toThrow('is over')
    expect(await words()).toEqual(['in time'])
  })

  test('listeners hear what changed after the commit, and nothing of what was undone', async () => {
    const heard: string[][] = []
    app.changes.listen((subjects) => heard.push([...subjects]))
    await inTx(app, async (tx) => {
      changed(tx, 'user:1')
      changed(tx, 'user:1')
      changed(tx, 'account:2')
      await note(tx, 'kept')
      expect(heard).toEqual([])
    })
    const undone = inTx(app, async (tx) => {
      changed(tx, 'user:3')
      await fail(tx)
    })
    await expect(undone).rejects.toThrow()
    expect(heard).toEqual([['user:1', 'account:2']])
    // And so do those who read the table, in the same commit.
    const { rows } = await sql`select subjects from changes`.execute(app.db)
    expect(rows).toEqual([{ subjects: ['user:1', 'account:2'] }])
  })

  test('what cannot be noted is not committed, and says why', async () => {
    const heard: unknown[] = []
    app.changes.listen((subjects) => heard.push(subjects))
    await sql`alter table changes add constraint none check (false)`.execute(app.db)
    const attempt = inTx(app, async (tx) => {
      changed(tx, 'user:1')
      await note(tx, 'lost')
    })
    await expect(attempt).rejects.toThrow('violates check constraint "none"')
    await sql`alter table changes drop constraint none`.execute(app.db)
    expect(await words()).toEqual([])
    expect(heard).toEqual([])
  })

  test('one that runs again says what its last run has changed, once', async () => {
    let runs = 0
    await inTx(app, async (tx) => {
      changed(tx, `user:${++runs}`)
      if (runs === 1) await sql`do $$ begin raise exception sqlstate '40001'; end $$`.execute(tx)
    })
    const { rows } = await sql`select subjects from changes`.execute(app.db)
    expect(rows).toEqual([{ subjects: ['user:2'] }])
  })

  test('of two transactions in a deadlock the victim runs again, and both commit', async () => {
    await sql`insert into notes (word) values ('a'), ('b')`.execute(app.db)
    const meeting = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    let runs = 0
    const crosswise = (first: string, second: string, mine: 0 | 1) =>
      inTx(app, async (tx) => {
        runs++
        await sql`update notes set word = word || '.' where word like ${`${first}%`}`.execute(tx)
        meeting[mine].resolve()
        await meeting[mine === 0 ? 1 : 0].promise
        await sql`update notes set word = word || '.' where word like ${`${second}%`}`.execute(tx)
      })
    await Promise.all([crosswise('a', 'b', 0), crosswise('b', 'a', 1)])
    // A victim that comes back before the other one has woken up meets it once more.
    expect(runs).toBeGreaterThan(2)
    expect((await words()).sort()).toEqual(['a..', 'b..'])
  })

  test('a deadlock is recognised also where `work` meets a later error first', async () => {
    let runs = 0
    await inTx(app, async (tx) => {
      runs++
      if (runs > 1) return
      const victim = sql`do $$ begin raise exception sqlstate '40P01'; end $$`.execute(tx)
      victim.catch(() => undefined)
      await note(tx, 'after')
    })
    expect(runs).toBe(2)
  })

  test('a transaction that always meets a serialization failure gives up with it', async () => {
    let runs = 0
    const attempt = inTx(app, async (tx) => {
      runs++
      await sql`do $$ begin raise exception sqlstate '40001'; end $$`.execute(tx)
    })
    await expect(attempt).rejects.toMatchObject({ code: '40001' })
    expect(runs).toBe(5)
  })
})

describe('together', () => {
  test('reads share one connection and run in order', async () => {
    const pids = await together(app, (db) => Promise.all([pidOf(db), pidOf(db), pidOf(db)]))
    expect(new Set(pids).size).toBe(1)
  })

  test('a read that fails leaves the others and the connection as they are', async () => {
    const [failed, pid] = await together(app, (db) => Promise.allSettled([fail(db), pidOf(db)]))
    expect(failed.status).toBe('rejected')
    expect(pid.status).toBe('fulfilled')
    await note(app.db, 'again')
    expect(await words()).toEqual(['again'])
  })

  test('a read issued after its end is refused instead of slipping into somebody’s transaction', async () => {
    let kept: Db | undefined
    await together(app, async (db) => {
      kept = db
      await pidOf(db)
    })
    await expect(pidOf(kept as Db)).rejects.toThrow('is over')
  })
})
