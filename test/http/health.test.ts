import { describe, expect, onTestFinished, test } from 'vitest'
import { TcpProxy } from '../db/tcpProxy.ts'
import { register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

const PATIENCE = { timeout: 20_000 }

/** A service that reaches its database by a way that can be cut. */
async function startCuttable(options?: { work: boolean }): Promise<{ t: TestApp; database: TcpProxy }> {
  const owner = await startTestAppWith({}, { work: false })
  const database = await TcpProxy.start(owner.databaseUrl)
  const t = await startTestApp({ DATABASE_URL: database.url }, options)
  onTestFinished(async () => {
    if (!database.isOpen) await database.restore()
    await t.close()
    await database.stop()
  })
  return { t, database }
}

describe('while the database is gone', () => {
  test('the process lives, says that it is not ready, tells callers to come again, and recovers by itself', async () => {
    const { t, database } = await startCuttable()
    const person = await register(t)
    expect((await t.call('GET', '/readyz')).body).toEqual({ status: 'ok' })

    await database.cut()
    expect((await t.call('GET', '/healthz')).body).toEqual({ status: 'ok' })
    const unready = await t.call('GET', '/readyz')
    expect([unready.status, unready.body.code]).toEqual([503, 'overloaded'])
    const refused = await t.call('POST', '/v1/auth/password/forgot', { body: { email: person.email } })
    expect([refused.status, refused.body.code]).toEqual([503, 'overloaded'])
    for (const { headers } of [unready, refused]) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.text).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/)
    const logged = t.logged.filter((line) => line.includes(refused.body.instance))
    expect(logged).toEqual([
      expect.stringMatching(/"level":"error".*"operation":"forgotPassword".*ECONNREFUSED/),
      expect.stringContaining('"status":503'),
    ])

    await database.restore()
    await expect.poll(async () => (await t.call('GET', '/readyz')).status, PATIENCE).toBe(200)
    const accepted = await t.call('POST', '/v1/auth/password/forgot', { body: { email: person.email } })
    expect(accepted.status).toBe(202)
    await expect.poll(() => t.mailbox.list(person.email).length, PATIENCE).toBe(2)
  }, 60_000)

  test('whose connections break under many requests, each is answered and the next ones work', async () => {
    const { t, database } = await startCuttable({ work: false })
    const people = await Promise.all(Array.from({ length: 4 }, () => register(t)))
    const asked = Array.from({ length: 60 }, (_, i) =>
      t.call('POST', '/v1/auth/refresh', { body: { refresh_token: people[i % 4]?.refreshToken } }),
    )
    await database.cut()
    for (const { status } of await Promise.all(asked)) expect([200, 503]).toContain(status)
    await database.restore()
    for (const { refreshToken } of people) {
      const reply = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
      expect(reply.status).toBe(200)
    }
  }, 60_000)
})

describe('while the database does not answer', () => {
  test('the process says so instead of keeping the one who asks', async () => {
    const { t, database } = await startCuttable({ work: false })
    expect((await t.call('GET', '/readyz')).status).toBe(200)
    database.hold()
    expect((await t.call('GET', '/readyz')).status).toBe(503)
    expect((await t.call('GET', '/healthz')).status).toBe(200)
    database.release()
    await expect.poll(async () => (await t.call('GET', '/readyz')).status, PATIENCE).toBe(200)
  })
})
