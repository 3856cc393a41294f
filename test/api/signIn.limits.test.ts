import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import { newAddress, PASSWORD, register, registerVerified } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { startTestApp, startTestAppWith, type TestApp, type TestCall } from '../support/testApp.ts'
import { actionsOf, trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

let from: string
beforeEach(() => {
  from = newNetwork()
})

const login = (email: string, password: string, options: TestCall = {}) =>
  t.call('POST', '/v1/auth/login', { body: { email, password }, from, ...options })

async function statusesOf(times: number, attempt: () => Promise<{ status: number }>): Promise<number[]> {
  const statuses = []
  for (let i = 0; i < times; i++) statuses.push((await attempt()).status)
  return statuses
}

const guess = (email: string, times: number) =>
  statusesOf(times, () => login(email, 'not the password', { from: newNetwork() }))
const tenFailures = Array(10).fill(401)

describe('429', () => {
  test('ten failures of an address are answered, the eleventh and even the right password are not', async () => {
    const { email } = await register(t)
    expect(await guess(email, 12)).toEqual([...tenFailures, 429, 429])
    const right = await login(email, PASSWORD)
    expect(right.status).toBe(429)
    expect(right.body.code).toBe('too-many-requests')
    expect(right.headers['retry-after']).toBe('900')
    expect(right.headers).not.toHaveProperty('set-cookie')
  })

  test('the same holds for an address that nobody has, with the same answers', async () => {
    const { email } = await register(t)
    const answers = []
    for (const address of [email, newAddress()]) {
      expect(await guess(address, 10)).toEqual(tenFailures)
      const { body, headers } = await login(address, 'not the password')
      const { date: _date, ...others } = headers
      answers.push({ body: { ...body, instance: null }, headers: others })
    }
    expect(answers[0]).toEqual(answers[1])
  })

  test('nine failures and then the right password, again and again: successes neither count nor wipe the count', async () => {
    const { email } = await register(t)
    expect(await guess(email, 9)).toEqual(tenFailures.slice(1))
    expect(await statusesOf(5, () => login(email, PASSWORD))).toEqual([200, 200, 200, 200, 200])
    expect(await guess(email, 2)).toEqual([401, 429])
  })

  test('the lock opens by itself when the quarter of an hour is over', async () => {
    const { email } = await register(t)
    await guess(email, 10)
    await t.advance(899)
    const refused = await login(email, PASSWORD)
    expect(refused.status).toBe(429)
    expect(refused.headers['retry-after']).toBe('1')
    await t.advance(1)
    expect((await login(email, PASSWORD)).status).toBe(200)
  })

  test('parallel guesses get no more tries than ten', async () => {
    const { email } = await register(t)
    const replies = await Promise.all(
      Array.from({ length: 40 }, () => login(email, 'not the password', { from: newNetwork() })),
    )
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(10)
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(30)
  })

  test('all replicas count together', async () => {
    const { email } = await register(t)
    const other = await startReplica(t)
    const elsewhere = () =>
      other.post('/v1/auth/login', { email, password: 'not the password' }, { from: newNetwork() })
    expect(await guess(email, 5)).toEqual(tenFailures.slice(5))
    expect(await statusesOf(6, elsewhere)).toEqual([...tenFailures.slice(5), 429])
    expect((await login(email, PASSWORD)).status).toBe(429)
  })

  test('fifty failures from one network, over many addresses, close it and no other', async () => {
    const { email } = await register(t)
    const strangers = () => login(newAddress(), 'not the password')
    expect(await statusesOf(51, strangers)).toEqual([...Array(50).fill(401), 429])
    expect((await login(email, PASSWORD)).status).toBe(429)
    expect((await login(email, PASSWORD, { from: newNetwork() })).status).toBe(200)
  })

  test('an IPv6 host is counted with its whole /64', async () => {
    const { email } = await register(t)
    let host = 0
    const strangers = () =>
      login(newAddress(), 'not the password', { from: `2001:db8:7:7::${(++host).toString(16)}` })
    expect((await statusesOf(51, strangers)).at(-1)).toBe(429)
    expect((await login(email, PASSWORD, { from: '2001:db8:7:7:ffff::1' })).status).toBe(429)
    expect((await login(email, PASSWORD, { from: '2001:db8:7:8::1' })).status).toBe(200)
  })

  test('X-Forwarded-For buys nothing where no proxy is ours', async () => {
    let spoofed = 0
    const strangers = () =>
      login(newAddress(), 'not the password', { headers: { 'x-forwarded-for': `203.0.113.${++spoofed}` } })
    expect((await statusesOf(51, strangers)).at(-1)).toBe(429)
  })

  test('behind one proxy of ours the client it names is counted, and not what the client made up', async () => {
    const proxied = await startTestAppWith({ TRUSTED_PROXY_HOPS: '1' })
    const attempt = (forwardedFor: string) =>
      proxied.call('POST', '/v1/auth/login', {
        body: { email: newAddress(), password: 'not the password' },
        headers: { 'x-forwarded-for': forwardedFor },
        from,
      })
    let spoofed = 0
    expect((await statusesOf(51, () => attempt(`203.0.113.${++spoofed}, 198.51.100.1`))).at(-1)).toBe(429)
    expect((await attempt('198.51.100.1, 198.51.100.2')).status).toBe(401)
  })

  test('the failure that closes an address is in the trail as its lock, once', async () => {
    const { email, userId } = await register(t)
    await guess(email, 14)
    const actions = await actionsOf(t, userId)
    expect(actions.filter((action) => action === 'sign-in.refused')).toHaveLength(10)
    expect(actions.filter((action) => action === 'sign-in.locked')).toHaveLength(1)
    const [lock] = await trailOf(t, userId)
    const origin = { actor_kind: 'anyone', user_agent: 'test', ip: expect.any(String) }
    expect(lock).toMatchObject({ action: 'sign-in.locked', ...origin })
  })
})

describe('200', () => {
  test('an office of fifty behind one address signs in all at once', async () => {
    const people = []
    for (let i = 0; i < 50; i++) people.push(await register(t))
    const replies = await Promise.all(people.map(({ email }) => login(email, PASSWORD)))
    expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(200))
  })

  test('a device that signed in before gets in while strangers keep the address closed', async () => {
    const { email, cookies } = await register(t)
    expect((await guess(email, 11)).at(-1)).toBe(429)
    expect((await login(email, PASSWORD, { cookies })).status).toBe(200)
    expect((await login(email, PASSWORD)).status).toBe(429)
  })

  test('it gets in, too, while its whole network is closed', async () => {
    const { email, cookies } = await register(t)
    await statusesOf(51, () => login(newAddress(), 'not the password'))
    expect((await login(email, PASSWORD, { cookies })).status).toBe(200)
  })

  test('it has ten tries of its own', async () => {
    const { email, cookies } = await register(t)
    const wrong = () => login(email, 'not the password', { cookies, from: newNetwork() })
    expect(await statusesOf(11, wrong)).toEqual([...tenFailures, 429])
    expect((await login(email, PASSWORD, { cookies })).status).toBe(429)
    expect((await login(email, PASSWORD)).status).toBe(200)
  })

  test('a browser that two people use is known for both', async () => {
    const ada = await register(t)
    const grace = await register(t)
    const shared = await login(grace.email, PASSWORD, { cookies: ada.cookies })
    await guess(ada.email, 10)
    await guess(grace.email, 10)
    expect((await login(ada.email, PASSWORD, { cookies: shared.cookies })).status).toBe(200)
    expect((await login(grace.email, PASSWORD, { cookies: shared.cookies })).status).toBe(200)
  })

  test('a device of one person is a stranger to every other one', async () => {
    const victim = await register(t)
    const { cookies } = await register(t)
    await guess(victim.email, 10)
    const device = cookies.frontgate_device ?? ''
    const forged = { frontgate_device: device.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }
    for (const presented of [
      cookies,
      forged,
      { frontgate_device: 'x' },
      { frontgate_device: `${device}.${device}` },
    ]) {
      expect((await login(victim.email, PASSWORD, { cookies: presented })).status).toBe(429)
    }
  })

  test('a new password makes strangers of all devices but the one it was chosen on', async () => {
    const { email, accessToken, cookies } = await register(t)
    const elsewhere = await login(email, PASSWORD)
    const body = { current_password: PASSWORD, new_password: 'another good password' }
    const changed = await t.call('POST', '/v1/auth/password/change', { as: accessToken, body, cookies })
    await guess(email, 10)
    const enter = (device: Record<string, string>) =>
      login(email, 'another good password', { cookies: device })
    expect((await enter(cookies)).status).toBe(429)
    expect((await enter(elsewhere.cookies)).status).toBe(429)
    expect((await enter(changed.cookies)).status).toBe(200)
  })

  test('on a new device, the mailbox lets its owner in while strangers keep the address closed', async () => {
    const { email } = await registerVerified(t)
    await guess(email, 10)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from })
    const body = { token: await tokenFor(t, '/reset-password', email), password: 'another good password' }
    const reset = await t.call('POST', '/v1/auth/password/reset', { body, from })
    expect(reset.status).toBe(204)
    expect((await login(email, 'another good password', { cookies: reset.cookies })).status).toBe(200)
    expect((await login(email, 'another good password')).status).toBe(429)
  })
})

describe('503', () => {
  test('sign-ins that find no place in the queue are turned away, and the rest of the service answers', async () => {
    const u = await startTestAppWith({
      HASHES_AT_ONCE: '1',
      HASH_QUEUE: '4',
      ARGON2_MEMORY_KIB: '65536',
      ARGON2_PASSES: '3',
    })
    const people = [await register(u), { email: newAddress() }]
    const attempts = Array.from({ length: 40 }, (_, i) => {
      const body = { email: people[i % 2]?.email, password: PASSWORD }
      return u.call('POST', '/v1/auth/login', { body, from: newNetwork() })
    })
    const alive = await u.call('GET', '/healthz')
    const replies = await Promise.all(attempts)
    expect(alive.status).toBe(200)
    const turnedAway = replies.filter(({ status }) => status === 503)
    expect(turnedAway.length).toBeGreaterThan(0)
    for (const { body, headers } of turnedAway) {
      expect(body.code).toBe('overloaded')
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    }
    for (const { status } of replies) expect([200, 401, 503]).toContain(status)
    expect(
      (await u.call('POST', '/v1/auth/login', { body: { email: people[0]?.email, password: PASSWORD } }))
        .status,
    ).toBe(200)
  })
})
