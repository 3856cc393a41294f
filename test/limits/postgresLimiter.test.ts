import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTx } from '../../src/db/transaction.ts'
import { PostgresLimiter } from '../../src/limits/postgresLimiter.ts'
import {
  holdLocks,
  openScratchDatabase,
  type ScratchDatabase,
  sessionsWaiting,
} from '../db/scratchDatabase.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { describeLimiter } from './behaviour.ts'

describeLimiter(async () => {
  const database = await openScratchDatabase(TEMPLATE)
  return {
    one: new PostgresLimiter(database.db),
    other: new PostgresLimiter(database.db),
    stop: database.remove,
  }
})

describe('in PostgreSQL', () => {
  let database: ScratchDatabase
  let limiter: PostgresLimiter
  const now = new Date()
  beforeAll(async () => {
    database = await openScratchDatabase(TEMPLATE)
    limiter = new PostgresLimiter(database.db)
  })
  afterAll(() => database.remove())
  const counters = async () =>
    (await sql<{ key: Buffer }>`select key from rate_limits`.execute(database.db)).rows

  test('what is limited is stored as a hash only, and forgotten once its window is over', async () => {
    await limiter.take([{ key: 'sign-in ada@customer.example', most: 1, windowSeconds: 60 }], now)
    const [counter] = await counters()
    expect(counter?.key).toHaveLength(32)
    expect(counter?.key.toString('latin1')).not.toContain('ada')
    await limiter.sweep(new Date(now.getTime() + 59_999))
    expect(await counters()).toHaveLength(1)
    await limiter.sweep(new Date(now.getTime() + 60_000))
    expect(await counters()).toHaveLength(0)
  })

  test('a sweep never waits for a call that counts again on what is over', async () => {
    const hashed = ['one', 'other'].map((key) => ({
      key,
      hash: createHash('sha256').update(key).digest('hex'),
    }))
    const [first, second] = hashed.sort((a, b) => a.hash.localeCompare(b.hash))
    const limitOf = (key = '') => ({ key, most: 10, windowSeconds: 60 })
    // Calls take counters in the order of their keys; here they lie the other way round.
    for (const each of [second, first]) await limiter.take([limitOf(each?.key)], now)
    const later = new Date(now.getTime() + 60_000)
    const letGo = await holdLocks(
      database.url,
      `select from rate_limits where key = '\\x${first?.hash}' for update`,
    )
    const taken = limiter.take([limitOf(first?.key), limitOf(second?.key)], later)
    await expect.poll(() => sessionsWaiting(database.db)).toBe(1)
    let hasSwept = false
    const swept = limiter.sweep(later).then(() => {
      hasSwept = true
    })
    await expect.poll(async () => hasSwept || (await sessionsWaiting(database.db)) === 2).toBe(true)
    await letGo()
    expect(await taken).toEqual({ retryAfterSeconds: null })
    await swept
    await limiter.sweep(new Date(later.getTime() + 60_000))
    expect(await counters()).toEqual([])
  })

  test('very many counters are swept', async () => {
    await sql`insert into rate_limits select sha256(i::text::bytea), 1, ${now} from generate_series(1, 12000) i`.execute(
      database.db,
    )
    await limiter.sweep(now)
    expect(await counters()).toEqual([])
  })

  test('a point taken in a transaction that fails is given back', async () => {
    const once = [{ key: 'in a transaction', most: 1, windowSeconds: 60 }]
    const attempt = inTx(database, async (tx) => {
      await limiter.take(once, now, tx)
      throw new Error('refused')
    })
    await expect(attempt).rejects.toThrow('refused')
    expect(await limiter.take(once, now)).toEqual({ retryAfterSeconds: null })
  })
})
