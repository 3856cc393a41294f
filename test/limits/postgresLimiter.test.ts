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

  test('sweeping while expired counters are counted on again fails nobody, and forgets all that is over', async () => {
    const limits = Array.from({ length: 40 }, (_, i) => ({
      key: `swept ${i}`,
      most: 1000,
      windowSeconds: 60,
    }))
    for (let round = 0; round < 15; round++) {
      const later = new Date(now.getTime() + round * 60_000)
      const takes = Array.from({ length: 12 }, (_, i) =>
        limiter.take(
          limits.toSorted(() => (i % 2 ? 1 : -1)),
          later,
        ),
      )
      await Promise.all([...takes, limiter.sweep(later), limiter.sweep(later), ...takes])
    }
    await limiter.sweep(new Date(now.getTime() + 3_600_000))
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
