import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../support/invites.ts'
import { type Person, registerVerified } from '../support/people.ts'
import { endGrant, giveGrant, setOverride } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { again, check, consume, moveTo, newKey, release, standing } from '../support/usage.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const used = async (person: Person, limit = 'trees') => (await standing(t, person, limit)).used
const later = (days: number) => new Date(t.app.now().getTime() + days * 86_400_000)

/** Somebody on a plan that lasts, however far the clock is moved. */
async function onPro(): Promise<Person> {
  const person = await registerVerified(t)
  await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'pro' })
  return person
}

describe('consumeUsage', () => {
  test('200: counted, and how the account stands after it', async () => {
    const person = await registerVerified(t)
    const { status, body } = await consume(t, person, 'trees', 60)
    expect(status).toBe(200)
    expect(body).toEqual({
      allowed: true,
      reason: 'within-limit',
      plan: 'pro',
      limit: 100,
      used: 60,
      remaining: 40,
      resets_at: null,
      counted: true,
    })
    expect((await consume(t, person, 'trees', 40)).body).toMatchObject({ used: 100, remaining: 0 })
  })

  test('shows in the next answers of the state and of the entitlements', async () => {
    const person = await registerVerified(t)
    const state = () => t.call('GET', '/v1/billing/state', { as: person.accessToken })
    const before = await state()
    for (let i = 1; i <= 3; i++) {
      await consume(t, person, 'kb_conversions', 1)
      expect((await state()).body.usage.kb_conversions.used).toBe(i)
      expect(await used(person, 'kb_conversions')).toBe(i)
    }
    const tagged = { as: person.accessToken, headers: { 'if-none-match': String(before.headers.etag) } }
    expect((await t.call('GET', '/v1/billing/state', tagged)).status).toBe(200)
  })

  test('402: what does not fit is not counted, not in part either, and the refusal says what would help', async () => {
    const person = await registerVerified(t)
    await consume(t, person, 'trees', 99)
    const refused = await consume(t, person, 'trees', 2)
    expect(refused.status).toBe(402)
    expect(refused.body).toMatchObject({
      code: 'limit-reached',
      allowed: false,
      reason: 'limit-reached',
      plan: 'pro',
      limit: 100,
      used: 99,
      remaining: 1,
      resets_at: null,
      upgrade: { plan: 'team', url: t.app.config.upgradeUrl },
      required_plan: 'team',
      upgrade_url: t.app.config.upgradeUrl,
    })
    expect(await used(person)).toBe(99)
    expect((await consume(t, person, 'trees', 1)).status).toBe(200)
  })

  test('402: the very first, where there is nothing of it', async () => {
    const person = await registerVerified(t)
    await setOverride(t, person.accountId, 'limits/trees', 0)
    expect((await consume(t, person, 'trees', 1)).body).toMatchObject({ limit: 0, used: 0, upgrade: null })
    expect((await consume(t, person, 'trees', 1)).status).toBe(402)
  })

  test('what is unlimited is counted too', async () => {
    const person = await registerVerified(t)
    await setOverride(t, person.accountId, 'limits/trees', null)
    const { body } = await consume(t, person, 'trees', 1_000_000_000)
    expect(body).toMatchObject({ reason: 'unlimited', limit: null, used: 1_000_000_000, remaining: null })
  })

  test('a smaller plan takes nothing away and lets nothing be added, until there is room again', async () => {
    const person = await registerVerified(t)
    const team = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    const key = newKey()
    await consume(t, person, 'trees', 100)
    await consume(t, person, 'trees', 50, key)
    await endGrant(t, team)
    expect(await standing(t, person, 'trees')).toMatchObject({ limit: 100, used: 150, remaining: 0 })
    expect((await check(t, person, { limit: 'trees' })).body.allowed).toBe(false)
    const refused = await consume(t, person, 'trees', 1)
    expect(refused.body).toMatchObject({ code: 'limit-reached', used: 150, limit: 100, remaining: 0 })
    expect(await used(person)).toBe(150)
    await setOverride(t, person.accountId, 'limits/trees', 151)
    expect((await consume(t, person, 'trees', 1)).status).toBe(200)
    const given = await release(t, person, 'trees', 50, key)
    expect(given.body).toMatchObject({ allowed: true, used: 101, remaining: 50 })
  })

  test('422: what is no limit, and members, which are counted by Frontgate', async () => {
    const person = await registerVerified(t)
    for (const limit of ['tons', 'constructor', 'members']) {
      for (const call of [consume, release]) {
        const reply = await call(t, person, limit, 1, newKey())
        expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, '#/limit'])
      }
    }
  })

  test('403: who only looks', async () => {
    const owner = await registerVerified(t)
    const viewer = await newMember(t, owner, 'viewer')
    expect((await consume(t, viewer, 'trees', 1)).status).toBe(403)
    expect((await release(t, viewer, 'trees', 1, newKey())).status).toBe(403)
    expect((await consume(t, await newMember(t, owner, 'member'), 'trees', 1)).status).toBe(200)
  })
})

describe('one key', () => {
  test('counts once, however often the call is repeated, also where it would not fit any more', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    const first = await consume(t, person, 'trees', 100, key)
    for (let i = 0; i < 3; i++) {
      const repeated = await consume(t, person, 'trees', 100, key)
      expect([repeated.status, repeated.body]).toEqual([200, { ...first.body, counted: false }])
    }
    expect(await used(person)).toBe(100)
  })

  test('that was refused counts when there is room', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    expect((await consume(t, person, 'trees', 101, key)).status).toBe(402)
    await setOverride(t, person.accountId, 'limits/trees', 101)
    expect((await consume(t, person, 'trees', 101, key)).body).toMatchObject({ counted: true })
  })

  test('that was refused gives nothing back, and may be tried again with less', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 60)
    expect((await consume(t, person, 'trees', 50, key)).status).toBe(402)
    expect((await release(t, person, 'trees', 50, key)).body).toMatchObject({ used: 60 })
    expect((await consume(t, person, 'trees', 50, key)).status).toBe(402)
    expect((await consume(t, person, 'trees', 40, key)).body).toMatchObject({ used: 100 })
    expect((await release(t, person, 'trees', 40, key)).body).toMatchObject({ used: 60 })
  })

  test('409: with another amount or another limit, and nothing is counted', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 2, key)
    const calls = [
      consume(t, person, 'trees', 3, key),
      consume(t, person, 'kb_conversions', 2, key),
      release(t, person, 'trees', 1, key),
      release(t, person, 'kb_conversions', 2, key),
    ]
    for (const reply of await Promise.all(calls))
      expect([reply.status, reply.body.code]).toEqual([409, 'idempotency-key-reused'])
    expect([await used(person), await used(person, 'kb_conversions')]).toEqual([2, 0])
  })

  test('is one account’s: another may use the same', async () => {
    const [ada, bob, key] = [await registerVerified(t), await registerVerified(t), newKey()]
    await consume(t, ada, 'trees', 2, key)
    expect((await consume(t, bob, 'trees', 3, key)).body.used).toBe(3)
    await release(t, bob, 'trees', 3, key)
    expect([await used(ada), await used(bob)]).toEqual([2, 0])
  })

  test('may be written in any script', async () => {
    const [person, key] = [await registerVerified(t), '営業 🤝'.padEnd(200, 'é')]
    await consume(t, person, 'trees', 2, key)
    expect((await consume(t, person, 'trees', 2, key)).body.used).toBe(2)
  })

  test('is forgotten after 90 days, not before', async () => {
    const [person, key] = [await onPro(), newKey()]
    await consume(t, person, 'trees', 2, key)
    await moveTo(t, later(89))
    const repeated = await consume(t, await again(t, person), 'trees', 2, key)
    expect(repeated.body.used).toBe(2)
    await moveTo(t, later(2))
    const anew = await consume(t, await again(t, person), 'trees', 2, key)
    expect(anew.body.used).toBe(4)
  })
})

describe('releaseUsage', () => {
  test('gives back what its key took, once, and the key can be used again', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'trees', 60)
    await consume(t, person, 'trees', 40, key)
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3; i++) {
        const given = await release(t, person, 'trees', 40, key)
        expect(given.status).toBe(200)
        expect(given.body).toMatchObject({ allowed: true, used: 60, remaining: 40, limit: 100 })
      }
      for (let i = 0; i < 2; i++)
        expect((await consume(t, person, 'trees', 40, key)).body).toMatchObject({ used: 100, remaining: 0 })
    }
    expect(await used(person)).toBe(100)
  })

  test('shows at once', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    await consume(t, person, 'kb_conversions', 7, key)
    expect(await used(person, 'kb_conversions')).toBe(7)
    await release(t, person, 'kb_conversions', 7, key)
    const { body } = await t.call('GET', '/v1/billing/state', { as: person.accessToken })
    expect(body.usage.kb_conversions.used).toBe(0)
  })

  test('under a key that took nothing it takes the amount off once, and never below zero', async () => {
    const [person, key] = [await registerVerified(t), newKey()]
    expect((await release(t, person, 'trees', 5, newKey())).body).toMatchObject({ used: 0, remaining: 100 })
    await consume(t, person, 'trees', 8)
    for (let i = 0; i < 3; i++) expect((await release(t, person, 'trees', 5, key)).body.used).toBe(3)
    expect((await release(t, person, 'trees', 5, newKey())).body.used).toBe(0)
    expect((await consume(t, person, 'trees', 5, key)).body.used).toBe(5)
  })
})
