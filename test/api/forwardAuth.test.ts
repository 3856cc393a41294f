import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joined, putInto } from '../support/members.ts'
import {
  mailedToken,
  operatorToken,
  type Person,
  register,
  registerVerified,
  signIn,
} from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const guard = (accessToken: string, query = '', on = t) =>
  on.call('GET', `/v1/forward-auth${query}`, { as: accessToken })

async function freshToken(person: Person, on = t): Promise<string> {
  const { body } = await signIn(on, person.email)
  return body.access_token
}

/** Somebody verified whose trial is over. */
async function onFree(): Promise<{ person: Person; accessToken: string }> {
  const person = await registerVerified(t)
  await t.advance(14 * DAY_SECONDS)
  return { person, accessToken: await freshToken(person) }
}

describe('200', () => {
  test('tells the product who it is, in headers and without a body', async () => {
    const person = await register(t)
    const reply = await guard(person.accessToken, '?require=plan:pro&feature=flowpilot&feature=scripts')
    expect(reply.status).toBe(200)
    expect(reply.text).toBe('')
    expect(reply.headers).toMatchObject({
      'x-frontgate-user': person.userId,
      'x-frontgate-account': person.accountId,
      'x-frontgate-role': 'owner',
      'x-frontgate-plan': 'pro',
      'cache-control': 'no-store',
    })
  })

  test('asks for nothing but a member when no requirement is named', async () => {
    const { accessToken } = await onFree()
    const reply = await guard(accessToken)
    expect(reply.status).toBe(200)
    expect(reply.headers['x-frontgate-plan']).toBe('free')
  })

  test('a higher plan opens what asks for a lower one', async () => {
    const person = await register(t)
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    for (const plan of ['free', 'pro', 'team']) {
      const reply = await guard(person.accessToken, `?require=plan:${plan}`)
      expect(reply.status, plan).toBe(200)
      expect(reply.headers['x-frontgate-plan']).toBe('team')
    }
  })

  test('what a client sends under our names never comes back', async () => {
    const person = await register(t)
    const reply = await t.call('GET', '/v1/forward-auth', {
      as: person.accessToken,
      headers: { 'x-frontgate-user': 'mallory', 'x-frontgate-plan': 'enterprise' },
    })
    expect(reply.headers['x-frontgate-user']).toBe(person.userId)
    expect(reply.headers['x-frontgate-plan']).toBe('pro')
  })
})

describe('401', () => {
  test('nobody is told how to identify', async () => {
    const reply = await t.call('GET', '/v1/forward-auth?require=plan:pro')
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toBe('Bearer')
    expect(reply.body.code).toBe('unauthenticated')
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('x-frontgate'))).toEqual([])
  })

  test('a token that is no good is told apart from none; an operator is no user', async () => {
    for (const accessToken of ['nonsense', await operatorToken(t)]) {
      const reply = await guard(accessToken)
      expect(reply.status).toBe(401)
      expect(reply.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
    }
  })
})

describe('402', () => {
  test('trial-expired, with what would open it and where', async () => {
    const { accessToken } = await onFree()
    const reply = await guard(accessToken, '?require=plan:pro')
    expect(reply.status).toBe(402)
    expect(reply.headers['content-type']).toContain('application/problem+json')
    expect(reply.body).toMatchObject({
      type: '/problems/subscription-required',
      code: 'subscription-required',
      reason: 'trial-expired',
      plan: 'free',
      required_plan: 'pro',
      upgrade_url: 'http://localhost:4000/billing',
    })
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('x-frontgate'))).toEqual([])
  })

  test('plan-too-low', async () => {
    const person = await register(t)
    const reply = await guard(person.accessToken, '?require=plan:team')
    expect(reply.status).toBe(402)
    expect(reply.body).toMatchObject({ reason: 'plan-too-low', plan: 'pro', required_plan: 'team' })
  })

  test('never-subscribed, and the upgrade page of the settings', async () => {
    const other = await startTestAppWith(
      { TRIAL_DAYS: '0', UPGRADE_URL: 'https://product.example/pricing' },
      { work: false },
    )
    const person = await register(other)
    const reply = await guard(person.accessToken, '?require=plan:pro', other)
    expect(reply.status).toBe(402)
    expect(reply.body).toMatchObject({
      reason: 'never-subscribed',
      upgrade_url: 'https://product.example/pricing',
    })
  })

  test('feature-not-in-plan names the lowest plan that has it', async () => {
    const { accessToken } = await onFree()
    const reply = await guard(accessToken, '?feature=scripts')
    expect(reply.status).toBe(402)
    expect(reply.body).toMatchObject({
      code: 'feature-not-in-plan',
      feature: 'scripts',
      plan: 'free',
      required_plan: 'pro',
    })
  })

  test('of several features the first that is missing; no plan is named when none would open it', async () => {
    const person = await register(t)
    await t.app.pool.query(
      `insert into account_features (account_id, name, value, until_at, reason, set_by, set_at)
       values ($1, 'scripts', false, $2, 'abuse', 'system', $3)`,
      [person.accountId, instant(t, DAY_SECONDS), t.app.now()],
    )
    const refused = await guard(person.accessToken, '?feature=flowpilot&feature=scripts')
    expect(refused.status).toBe(402)
    expect(refused.body).toMatchObject({ feature: 'scripts', plan: 'pro', required_plan: null })
    await t.advance(DAY_SECONDS)
    const opened = await guard(await freshToken(person), '?feature=flowpilot&feature=scripts')
    expect(opened.status).toBe(200)
  })
})

describe('403', () => {
  test('an unverified user is stopped after the grace, not a moment before, and verifying restores at once', async () => {
    const person = await register(t)
    const graceEnd = instant(t, 7 * DAY_SECONDS)
    await t.advance(7 * DAY_SECONDS - 1)
    const accessToken = await freshToken(person)
    expect((await guard(accessToken, '?require=plan:pro')).status).toBe(200)
    await t.advance(1)
    const reply = await guard(accessToken, '?require=plan:pro')
    expect(reply.status).toBe(403)
    expect(reply.body).toMatchObject({ code: 'email-verification-required', grace_ended_at: graceEnd })

    // Nothing else is closed to them: not the state, not a new link, not using it.
    expect((await t.call('GET', '/v1/billing/state', { as: accessToken })).status).toBe(200)
    expect((await t.call('POST', '/v1/auth/email/resend', { as: accessToken })).status).toBe(202)
    const token = await mailedToken(t, person.email)
    expect((await t.call('POST', '/v1/auth/email/verify', { body: { token } })).status).toBe(200)
    expect((await guard(accessToken, '?require=plan:pro')).status).toBe(200)
  })

  test('an unverified user is told to verify before they are told to pay', async () => {
    const person = await register(t)
    await t.advance(15 * DAY_SECONDS)
    const reply = await guard(await freshToken(person), '?require=plan:pro')
    expect(reply.body.code).toBe('email-verification-required')
  })

  test('somebody who is in no account any more', async () => {
    const person = await register(t)
    await t.app.pool.query('delete from members where user_id = $1', [person.userId])
    const reply = await guard(await freshToken(person))
    expect(reply.status).toBe(403)
    expect(reply.body.code).toBe('forbidden')
  })
})

describe('role', () => {
  test('lets the role and higher ones pass, and tells others which it takes', async () => {
    const owner = await registerVerified(t)
    const { accessToken: as } = await joined(t, owner.accountId, 'member')
    for (let i = 0; i < 2; i++) {
      expect((await guard(owner.accessToken, '?role=admin&require=plan:pro')).status).toBe(200)
      expect((await guard(as, '?role=member')).status).toBe(200)
      const refused = await guard(as, '?role=admin')
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
      expect(refused.body.detail).toBe('This takes the role admin or a higher one; yours is member.')
    }
  })

  test('comes before the mailbox and the plan', async () => {
    const person = await register(t)
    await putInto(t, person.accountId, person, 'viewer')
    await t.advance(15 * DAY_SECONDS)
    const reply = await guard(await freshToken(person), '?role=member&require=plan:pro')
    expect([reply.status, reply.body.code]).toEqual([403, 'forbidden'])
  })
})

describe('refuse=403', () => {
  test('a refusal comes as 403, with the status that is meant and its body in headers', async () => {
    const { accessToken } = await onFree()
    const plain = await guard(accessToken, '?require=plan:pro')
    const reply = await guard(accessToken, '?refuse=403&require=plan:pro')
    expect(reply.status).toBe(403)
    expect(reply.headers['x-frontgate-status']).toBe('402')
    const carried = JSON.parse(String(reply.headers['x-frontgate-problem']))
    expect(carried).toEqual(reply.body)
    expect({ ...carried, instance: '' }).toEqual({ ...plain.body, instance: '' })
  })

  test('401 stays 401, and says how to identify', async () => {
    const reply = await t.call('GET', '/v1/forward-auth?refuse=403')
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toBe('Bearer')
    expect(reply.headers['x-frontgate-status']).toBe('401')
  })

  test('a guard that is set up wrongly is closed too, and what a header cannot hold is escaped', async () => {
    const other = await startTestAppWith(
      { TRIAL_DAYS: '0', UPGRADE_URL: 'https://product.example/prix€' },
      { work: false },
    )
    const { accessToken } = await register(other)
    const wrong = await guard(accessToken, '?refuse=403&require=plan:platinum', other)
    expect([wrong.status, wrong.headers['x-frontgate-status']]).toEqual([403, '422'])
    const reply = await guard(accessToken, '?refuse=403&require=plan:pro', other)
    const carried = String(reply.headers['x-frontgate-problem'])
    expect(carried).toMatch(/^[ -~]+$/)
    expect(JSON.parse(carried)).toEqual(reply.body)
  })

  test('says nothing about what passes', async () => {
    const { accessToken } = await register(t)
    const reply = await guard(accessToken, '?refuse=403&require=plan:pro')
    expect(reply.status).toBe(200)
    expect(reply.headers).not.toHaveProperty('x-frontgate-status')
  })
})

describe('422: a guard that is set up wrongly opens for nobody, and says so', () => {
  const faults: [string, string, string][] = [
    ['an unknown plan', '?require=plan:platinum', '#/query/require'],
    ['two plans', '?require=plan:pro&require=plan:team', '#/query/require'],
    ['something else than a plan', '?require=role:owner', '#/query/require/0'],
    ['an unknown feature', '?feature=teleport', '#/query/feature'],
    ['what every object has', '?feature=constructor', '#/query/feature'],
    ['a name that no feature can have', '?feature=__proto__', '#/query/feature/0'],
    ['an unknown parameter', '?plan=pro', '#/query/plan'],
  ]
  test.each(faults)('%s', async (_name, query, pointer) => {
    const { accessToken } = await register(t)
    const reply = await guard(accessToken, query)
    expect(reply.status).toBe(422)
    expect(reply.body.code).toBe('invalid-request')
    expect(reply.body.errors).toEqual([{ pointer, detail: expect.stringMatching(/./) }])
  })
})
