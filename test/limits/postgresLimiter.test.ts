import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTx } from '../../src/db/transaction.ts'
import { PostgresLimiter } from '../../src/limits/postgresLimiter.ts'
import { openScratchDatabase, type ScratchDatabase } from '../db/scratchDatabase.ts'
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
