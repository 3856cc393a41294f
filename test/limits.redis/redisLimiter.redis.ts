import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RedisLimiter } from '../../src/limits/redisLimiter.ts'
import { describeLimiter } from '../limits/behaviour.ts'
import { newAddress, register, signIn } from '../support/people.ts'
import { startTestAppWith } from '../support/testApp.ts'
import { RedisServer } from './redisServer.ts'

const PATIENCE = { timeout: 20_000 }

describeLimiter(async () => {
  const server = await RedisServer.start()
  const [one, other] = [new RedisLimiter(server.url), new RedisLimiter(server.url)]
  return {
    one,
    other,
    async stop() {
      await Promise.all([one.close(), other.close()])
      await server.remove()
    },
  }
})

describe('in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.remove())

  test('what is limited is stored as a hash only, and expires by itself', async () => {
    const [limiter, redis] = [new RedisLimiter(server.url), new Redis(server.url)]
    onTestFinished(async () => {
      await limiter.close()
      redis.disconnect()
    })
    await limiter.take([{ key: 'sign-in ada@customer.example', most: 1, windowSeconds: 60 }], new Date())
    const keys = await redis.keys('*')
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toContain('ada')
    const ttl = await redis.pttl(String(keys[0]))
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(60_000)
  })

  test('a service counts there: the limit is exact over two processes', async () => {
    const t = await startTestAppWith({ REDIS_URL: server.url })
    const replica = await startTestAppWith({ REDIS_URL: server.url, DATABASE_URL: t.databaseUrl })
    const { email } = await register(t)
    const wrong = Array.from({ length: 30 }, (_, i) => signIn(i % 2 ? t : replica, email, 'wrong password'))
    const statuses = (await Promise.all(wrong)).map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(20).fill(429)])
    expect((await signIn(t, email)).status).toBe(429)
    await t.advance(15 * 60)
    expect((await signIn(t, email)).status).toBe(200)
  })

  test('while it is gone what needs a limit answers 503, the rest works, and both do once it is back', async () => {
    const t = await startTestAppWith({ REDIS_URL: server.url })
    const person = await register(t)
    await server.kill()
    const refused = await signIn(t, person.email)
    expect([refused.status, refused.body.code]).toEqual([503, 'overloaded'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await t.call('GET', '/v1/me', { as: person.accessToken })).status).toBe(200)
    await server.startAgain()
    await expect.poll(async () => (await signIn(t, person.email)).status, PATIENCE).toBe(200)
  })

  test('a service stops also while it is gone', async () => {
    const t = await startTestAppWith({ REDIS_URL: server.url })
    expect((await signIn(t, newAddress())).status).toBe(401)
    await server.kill()
    onTestFinished(() => server.startAgain())
    expect((await signIn(t, newAddress())).status).toBe(503)
  })
})
