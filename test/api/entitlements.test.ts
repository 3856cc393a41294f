import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember, sendInvite } from '../support/invites.ts'
import { newAddress, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, setOverride } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { again, check, consume, standing } from '../support/usage.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const get = (query = '', { accessToken: as }: Pick<Person, 'accessToken'>, headers = {}) =>
  t.call('GET', `/v1/entitlements${query}`, { as, headers })

function nextMonth(): string {
  const at = t.app.now()
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)).toISOString()
}

/** Somebody whose trial is over, with a token of that time. */
async function registerFree(): Promise<Person> {
  const person = await registerVerified(t)
  await t.app.pool.query('update grants set until_at = from_at where account_id = $1', [person.accountId])
  // The row was changed behind the service's back.
  const { body } = await signIn(t, person.email)
  return { ...person, accessToken: body.access_token }
}

describe('getEntitlements', () => {
  test('200: everything that the account has, and what of it is used', async () => {
    const person = await registerVerified(t)
    await sendInvite(t, person, newAddress())
    await consume(t, person, 'kb_conversions', 20)
    await consume(t, person, 'trees', 3)
    expect((await get('', person)).body).toEqual({
      account_id: person.accountId,
      plan: 'pro',
      reason: 'trial',
      features: { flowpilot: true, scripts: true },
      limits: {
        members: { per: null, limit: 5, used: 2, remaining: 3, resets_at: null },
        trees: { per: null, limit: 100, used: 3, remaining: 97, resets_at: null },
        kb_conversions: { per: 'month', limit: 50, used: 20, remaining: 30, resets_at: nextMonth() },
      },
    })
  })

  test('without limits, and for somebody who only looks', async () => {
    const owner = await registerVerified(t)
    await giveGrant(t, owner.accountId, { source: 'complimentary', plan: 'enterprise' })
    const viewer = await newMember(t, owner, 'viewer')
    const { body } = await get('', viewer)
    expect(body).toMatchObject({ account_id: owner.accountId, plan: 'enterprise', reason: 'complimentary' })
    expect(body.limits.trees).toEqual({ per: null, limit: null, used: 0, remaining: null, resets_at: null })
  })

  test('304 for the tag of what was told, until something is counted', async () => {
    const person = await register(t)
    const { headers } = await get('', person)
    const etag = String(headers.etag)
    const asked = () => get('', person, { 'if-none-match': etag })
    expect(headers['cache-control']).toBe('private, no-cache')
    expect(await asked()).toMatchObject({ status: 304, text: '' })
    await consume(t, person, 'trees', 1)
    expect((await asked()).status).toBe(200)
  })
})

describe('checkEntitlement, of a feature', () => {
  test('the plan has it', async () => {
    const { status, body } = await check(t, await register(t), { feature: 'scripts' })
    expect([status, body]).toEqual([200, { allowed: true, reason: 'in-plan', plan: 'pro' }])
  })

  test('the plan does not: 200 all the same, with the plan that has it', async () => {
    const { status, body } = await check(t, await registerFree(), { feature: 'scripts' })
    const upgrade = { plan: 'pro', url: t.app.config.upgradeUrl }
    expect(status).toBe(200)
    expect(body).toEqual({ allowed: false, reason: 'feature-not-in-plan', plan: 'free', upgrade })
  })

  test('switched off for this account: no plan would help', async () => {
    const person = await register(t)
    await setOverride(t, person.accountId, 'features/scripts', false)
    const { body } = await check(t, person, { feature: 'scripts' })
    expect(body).toEqual({ allowed: false, reason: 'override', plan: 'pro', upgrade: null })
  })
})

describe('checkEntitlement, of a limit', () => {
  test('one more is asked for, unless the caller says how many', async () => {
    const person = await registerVerified(t)
    await consume(t, person, 'kb_conversions', 49)
    expect((await check(t, person, { limit: 'kb_conversions' })).body).toEqual({
      allowed: true,
      reason: 'within-limit',
      plan: 'pro',
      limit: 50,
      used: 49,
      remaining: 1,
      resets_at: nextMonth(),
    })
    const refused = await check(t, person, { limit: 'kb_conversions', amount: 2 })
    expect(refused.status).toBe(200)
    expect(refused.body).toMatchObject({
      allowed: false,
      reason: 'limit-reached',
      remaining: 1,
      upgrade: { plan: 'team', url: t.app.config.upgradeUrl },
    })
    expect(await standing(t, person, 'kb_conversions')).toMatchObject({ used: 49 })
  })

  test('members are counted by Frontgate, with the invites that are out', async () => {
    const person = await registerVerified(t)
    for (let i = 0; i < 3; i++) await sendInvite(t, person, newAddress())
    const asked = (amount: number) => check(t, person, { limit: 'members', amount })
    expect((await asked(1)).body).toMatchObject({ allowed: true, used: 4, remaining: 1, resets_at: null })
    expect((await asked(2)).body).toMatchObject({ allowed: false, upgrade: { plan: 'team' } })
  })

  test('no limit', async () => {
    const person = await register(t)
    await setOverride(t, person.accountId, 'limits/trees', null)
    const { body } = await check(t, person, { limit: 'trees', amount: 1_000_000_000 })
    const counts = { limit: null, used: 0, remaining: null, resets_at: null }
    expect(body).toEqual({ allowed: true, reason: 'unlimited', plan: 'pro', ...counts })
  })
})

describe('whose grace is over', () => {
  test('may use nothing, whatever the plan has, until they verify', async () => {
    const person = await register(t)
    await t.advance(7 * DAY_SECONDS)
    const later = await again(t, person)
    const asked = await check(t, later, { limit: 'trees' })
    expect(asked.body).toMatchObject({
      allowed: false,
      reason: 'email-verification-required',
      remaining: 100,
      upgrade: null,
    })
    expect((await check(t, later, { feature: 'scripts' })).body).toMatchObject({ allowed: false })
    const refused = await consume(t, later, 'trees', 1)
    expect(refused).toMatchObject({ status: 403, body: { code: 'email-verification-required' } })
    expect(refused.body.grace_ended_at).toBe(t.app.now().toISOString())
    await t.app.pool.query('update users set email_verified_at = $2 where id = $1', [
      person.userId,
      t.app.now(),
    ])
    expect((await consume(t, await again(t, person), 'trees', 1)).status).toBe(200)
  })
})

describe('422', () => {
  test.each<[string, object, string]>([
    ['a feature that nobody has', { feature: 'teleport' }, '#/feature'],
    ['a feature named like what every object has', { feature: 'constructor' }, '#/feature'],
    ['a limit that nobody has', { limit: 'tons' }, '#/limit'],
    ['a limit named like what every object has', { limit: 'constructor' }, '#/limit'],
    ['neither', {}, '#'],
    ['both', { feature: 'scripts', limit: 'trees' }, '#/limit'],
    ['so many of a feature', { feature: 'scripts', amount: 2 }, '#/amount'],
    ['none', { limit: 'trees', amount: 0 }, '#/amount'],
  ])('%s', async (_name, body, pointer) => {
    const reply = await check(t, await register(t), body)
    expect(reply.status).toBe(422)
    expect(reply.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer])
  })
})

test('404: another account, in a query or a body, whoever is a member of it', async () => {
  const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
  for (const id of [bob.accountId, randomUUID()]) {
    expect((await get(`?account_id=${id}`, ada)).status).toBe(404)
    expect((await check(t, ada, { account_id: id, limit: 'trees' })).status).toBe(404)
    for (const path of ['consume', 'release']) {
      const body = { account_id: id, limit: 'trees', amount: 1, idempotency_key: 'a' }
      const reply = await t.call('POST', `/v1/usage/${path}`, { as: ada.accessToken, body })
      expect(reply.status, path).toBe(404)
    }
  }
  expect(await standing(t, bob, 'trees')).toMatchObject({ used: 0 })
  expect((await get(`?account_id=${ada.accountId.toUpperCase()}`, ada)).body.account_id).toBe(ada.accountId)
})
