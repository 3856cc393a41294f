import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, register, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

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

const WRONG = 'not the right password'
/** Wrong passwords for one address from all over the world, at once, in two processes. */
const flood = (email: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      signIn(i % 2 === 0 ? t : replica, email, WRONG, `198.51.${Math.floor(i / 200)}.${i % 200}`),
    ),
  )
const statuses = (replies: { status: number }[]) => replies.map(({ status }) => status).sort()

describe('wrong passwords at once', () => {
  test('are limited exactly: ten are judged, the rest is turned away', async () => {
    const { email } = await register(t)
    expect(statuses(await flood(email, 40))).toEqual([...Array(10).fill(401), ...Array(30).fill(429)])
  })

  test('for an address that nobody has are limited the same', async () => {
    expect(statuses(await flood('nobody@customer.example', 40))).toEqual([
      ...Array(10).fill(401),
      ...Array(30).fill(429),
    ])
  })

  test('from one network are limited over all addresses', async () => {
    const replies = await Promise.all(
      Array.from({ length: 80 }, (_, i) =>
        signIn(i % 2 === 0 ? t : replica, `somebody-${i}@customer.example`, WRONG, '203.0.113.9'),
      ),
    )
    expect(statuses(replies)).toEqual([...Array(50).fill(401), ...Array(30).fill(429)])
  })
})

describe('once the count is full', () => {
  test('not even the right password is told from a wrong one, until the window is over', async () => {
    const { email } = await register(t)
    await flood(email, 20)
    const refused = await signIn(t, email, PASSWORD, '192.0.2.1')
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-requests'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800)
    for (const app of [t, replica]) await app.advance(20 * 60)
    expect((await signIn(t, email, PASSWORD, '192.0.2.1')).status).toBe(200)
  })

  test('a device that signed in before gets in all the same', async () => {
    const { email, cookies } = await register(t)
    await flood(email, 20)
    const body = { email, password: PASSWORD }
    expect((await t.call('POST', '/v1/auth/login', { body, cookies })).status).toBe(200)
  })
})

describe('right passwords', () => {
  test('are not counted, however many come at once', async () => {
    const { email } = await register(t)
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, i) => signIn(i % 2 === 0 ? t : replica, email, PASSWORD, '192.0.2.7')),
    )
    expect(statuses(replies)).toEqual(Array(30).fill(200))
    expect((await signIn(t, email, WRONG, '192.0.2.7')).status).toBe(401)
  })
})
