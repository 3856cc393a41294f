import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { somebodyWaits } from '../support/locks.ts'
import { registerVerified } from '../support/people.ts'
import { setOverride } from '../support/staff.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { check, consume, newKey, release, standing } from '../support/usage.ts'

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp()
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

const atOnce = (count: number, work: (app: TestApp, i: number) => Promise<TestReply>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i % 2 ? t : replica, i)))
const outcomes = (replies: TestReply[]) =>
  replies.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim()).sort()
const times = (count: number, outcome: string): string[] => Array(count).fill(outcome)

/** What is counted in truth, whatever processes remember. */
async function counted(accountId: string, limit = 'trees'): Promise<number> {
  const { rows } = await t.app.pool.query('select used from usage where account_id = $1 and name = $2', [
    accountId,
    limit,
  ])
  return rows[0]?.used ?? 0
}

/** The same with trees, where every call has begun before the first of them can count. */
async function allBegun(
  accountId: string,
  count: number,
  work: (app: TestApp, i: number) => Promise<TestReply>,
): Promise<TestReply[]> {
  const holder = await t.app.pool.connect()
  try {
    await holder.query('begin')
    await holder.query(`select from usage where account_id = $1 and name = 'trees' for update`, [accountId])
    const replies = atOnce(count, work)
    await somebodyWaits(t, count)
    await holder.query('commit')
    return await replies
  } finally {
    holder.release()
  }
}

describe('a limit', () => {
  test('of 30 lets exactly 30 of 300 through, over two processes', async () => {
    const person = await registerVerified(t)
    await setOverride(t, person.accountId, 'limits/trees', 30)
    const replies = await atOnce(300, (app) => consume(app, person, 'trees', 1))
    expect(outcomes(replies)).toEqual([...times(30, '200'), ...times(270, '402 limit-reached')])
    const granted = replies.filter(({ status }) => status === 200).map(({ body }) => body.used)
    expect(granted.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
    for (const { status, body } of replies) if (status === 402) expect(body).toMatchObject({ used: 30 })
    expect(await counted(person.accountId)).toBe(30)
  })

  test('takes what fits of amounts of every size, and no more', async () => {
    const person = await registerVerified(t)
    const replies = await atOnce(60, (app, i) => consume(app, person, 'trees', (i % 7) + 1))
    const taken = replies.reduce((sum, { status }, i) => sum + (status === 200 ? (i % 7) + 1 : 0), 0)
    expect(await counted(person.accountId)).toBe(taken)
    expect(taken).toBeLessThanOrEqual(100)
    // Whoever was refused asked for more than was left in the end.
    const refused = replies.flatMap(({ status }, i) => (status === 402 ? [(i % 7) + 1] : []))
    expect(Math.min(...refused)).toBeGreaterThan(100 - taken)
  })
})

describe('one key, many times at once', () => {
  test('counts once, and everybody is told so', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    const replies = await atOnce(20, (app) => consume(app, person, 'trees', 7, key))
    expect(outcomes(replies)).toEqual(times(20, '200'))
    for (const { body } of replies) expect(body).toMatchObject({ allowed: true, used: 7 })
    expect(await counted(person.accountId)).toBe(7)
  })

  test('with other amounts and limits counts one of them', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    const replies = await atOnce(20, (app, i) =>
      consume(app, person, i % 4 < 2 ? 'trees' : 'kb_conversions', (i % 2) + 1, key),
    )
    expect(outcomes(replies)).toEqual([...times(5, '200'), ...times(15, '409 idempotency-key-reused')])
    const total = (await counted(person.accountId)) + (await counted(person.accountId, 'kb_conversions'))
    expect([1, 2]).toContain(total)
  })

  test('counts once when nobody saw the others’', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 10)
    const replies = await allBegun(person.accountId, 8, (app) => consume(app, person, 'trees', 7, key))
    expect(outcomes(replies)).toEqual(times(8, '200'))
    expect(await counted(person.accountId)).toBe(17)
    const given = await allBegun(person.accountId, 1, (app) => release(app, person, 'trees', 7, key))
    expect(given[0]?.body.used).toBe(10)
    const again = await allBegun(person.accountId, 8, (app) => consume(app, person, 'trees', 7, key))
    expect(outcomes(again)).toEqual(times(8, '200'))
    expect(await counted(person.accountId)).toBe(17)
  })

  test('counts once where only one of them fits', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 10)
    const replies = await allBegun(person.accountId, 8, (app) => consume(app, person, 'trees', 90, key))
    expect(outcomes(replies)).toEqual(times(8, '200'))
    expect(await counted(person.accountId)).toBe(100)
  })

  test('is given back once', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 10)
    await consume(t, person, 'trees', 7, key)
    const replies = await atOnce(20, (app) => release(app, person, 'trees', 7, key))
    expect(outcomes(replies)).toEqual(times(20, '200'))
    expect(await counted(person.accountId)).toBe(10)
  })

  test('that took nothing is given back once, too', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 10)
    await atOnce(20, (app) => release(app, person, 'trees', 3, key))
    expect(await counted(person.accountId)).toBe(7)
  })
})

test('consumed and given back at once, again and again, a key counts once or not at all', async () => {
  const [person, key] = [await registerVerified(t), newKey()]
  await consume(t, person, 'trees', 10)
  for (let round = 0; round < 12; round++) {
    const replies = await atOnce(24, (app, i) => (i % 3 ? consume : release)(app, person, 'trees', 7, key))
    expect(outcomes(replies)).toEqual(times(24, '200'))
    const { rows } = await t.app.pool.query(
      'select state from usage_keys where account_id = $1 and idempotency_key = $2 order by round desc limit 1',
      [person.accountId, key],
    )
    // The very first release may come before there is anything to give back, and then takes it off the rest.
    const [least, most] = rows[0].state === 'consumed' ? [10, 17] : [3, 10]
    expect([least, most]).toContain(await counted(person.accountId))
    await release(t, person, 'trees', 7, key)
  }
})

test('who is refused is told what others counted meanwhile', async () => {
  const person = await registerVerified(t)
  await consume(t, person, 'trees', 98)
  const replies = await allBegun(person.accountId, 6, (app) => consume(app, person, 'trees', 1))
  expect(outcomes(replies)).toEqual([...times(2, '200'), ...times(4, '402 limit-reached')])
  for (const { status, body } of replies) if (status === 402) expect(body).toMatchObject({ used: 100 })
})

test('who asks beside all this is answered, and in the end everybody is told the same', async () => {
  const person = await registerVerified(t)
  const replies = await atOnce(60, (app, i) =>
    i % 3 ? consume(app, person, 'trees', 1) : check(app, person, { limit: 'trees' }),
  )
  expect(outcomes(replies)).toEqual(times(60, '200'))
  expect(await standing(t, person, 'trees')).toMatchObject({ used: 40 })
  await expect.poll(async () => (await standing(replica, person, 'trees')).used).toBe(40)
})
