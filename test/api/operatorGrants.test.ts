import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operatorToken, type Person, register, signIn } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

async function give(accountId: string, order: Record<string, unknown>) {
  const body = { reason: 'Agreed with sales', source: 'complimentary', plan: 'team', ...order }
  return t.call('POST', `/v1/operator/accounts/${accountId}/grants`, { as: await operatorToken(t), body })
}

async function end(grantId: string, body: object = { reason: 'A mistake' }) {
  return t.call('DELETE', `/v1/operator/grants/${grantId}`, { as: await operatorToken(t), body })
}

async function planOf(person: Person): Promise<string> {
  const { body } = await signIn(t, person.email)
  const state = await t.call('GET', '/v1/billing/state', { as: body.access_token })
  return state.body.plan
}

async function lastOfTrail(accountId: string, action: string) {
  const reply = await t.call('GET', `/v1/operator/audit?account_id=${accountId}&action=${action}&limit=1`, {
    as: await operatorToken(t),
  })
  return reply.body.data[0]
}

describe('giveGrant', () => {
  test('201: from now, without an end, unless the order says otherwise', async () => {
    const { accountId } = await register(t)
    const reply = await give(accountId, {})
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: 'complimentary',
      plan: 'team',
      from: t.app.now().toISOString(),
      until: null,
      reason: 'Agreed with sales',
    })
  })

  test('a grant to come opens nothing yet, and then by itself', async () => {
    const person = await register(t)
    await give(person.accountId, { from: instant(t, 60), until: instant(t, 120) })
    expect(await planOf(person)).toBe('pro')
    await t.advance(60)
    expect(await planOf(person)).toBe('team')
    await t.advance(60)
    expect(await planOf(person)).toBe('pro')
  })

  test('a trial that is extended after its end: open again, and the trail has old, new, actor and reason', async () => {
    const person = await register(t)
    const firstEnd = instant(t, 14 * DAY_SECONDS)
    await t.advance(20 * DAY_SECONDS)
    expect(await planOf(person)).toBe('free')
    const until = instant(t, 7 * DAY_SECONDS)
    const reply = await give(person.accountId, {
      source: 'trial',
      plan: 'pro',
      until,
      reason: 'Was on holiday',
    })
    expect(await planOf(person)).toBe('pro')
    const { rows } = await t.app.pool.query('select id from operators')
    expect(await lastOfTrail(person.accountId, 'grant.given')).toMatchObject({
      actor_kind: 'operator',
      actor_id: rows[0].id,
      account_id: person.accountId,
      at: t.app.now().toISOString(),
      details: {
        grant: reply.body.id,
        source: 'trial',
        plan: 'pro',
        until_before: firstEnd,
        until,
        reason: 'Was on holiday',
      },
    })
    await t.advance(7 * DAY_SECONDS)
    expect(await planOf(person)).toBe('free')
  })

  test('a reason may be written in any script, on several lines', async () => {
    const { accountId } = await register(t)
    const reason = 'Vereinbart mit\n営業 🤝'
    expect((await give(accountId, { reason })).body.reason).toBe(reason)
    expect((await lastOfTrail(accountId, 'grant.given')).details.reason).toBe(reason)
  })

  test('the time of a grant may be written with any offset', async () => {
    const { accountId } = await register(t)
    const reply = await give(accountId, { until: '2100-01-01T01:30:00+01:30' })
    expect(reply.body.until).toBe('2100-01-01T00:00:00.000Z')
  })

  const faults: [string, Record<string, unknown>, string][] = [
    ['a plan that is none', { plan: 'platinum' }, '#/plan'],
    ['what Stripe gives only Stripe gives', { source: 'stripe' }, '#/source'],
    ['no reason', { reason: ' ' }, '#/reason'],
    ['a reason of half a character', { reason: 'Agreed \ud83d' }, '#/reason'],
    ['a trial without an end', { source: 'trial' }, '#/until'],
    [
      'an end before the beginning',
      { from: '2100-01-02T00:00:00Z', until: '2100-01-01T00:00:00Z' },
      '#/until',
    ],
    ['an end at the beginning', { from: '2100-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' }, '#/until'],
    ['an end that has gone', { from: '2020-01-01T00:00:00Z', until: '2020-02-01T00:00:00Z' }, '#/until'],
    ['a leap second', { until: '2100-12-31T23:59:60Z' }, '#/until'],
    ['a short offset', { from: '2100-01-01T00:00:00+02', until: null }, '#/from'],
    ['a day without a time', { until: '2100-01-01' }, '#/until'],
    ['a number of days', { until: 14 }, '#/until'],
    ['a field of tomorrow', { days: 14 }, '#/days'],
  ]
  test.each(faults)('422: %s', async (_name, order, pointer) => {
    const person = await register(t)
    const reply = await give(person.accountId, order)
    expect(reply.status).toBe(422)
    expect(reply.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    expect(await planOf(person)).toBe('pro')
  })

  test('404: no such account', async () => {
    const reply = await give(randomUUID(), {})
    expect(reply.status).toBe(404)
    expect(reply.body.code).toBe('not-found')
  })
})

describe('endGrant', () => {
  test('204: over at once, with old, new, actor and reason in the trail', async () => {
    const person = await register(t)
    const until = instant(t, 30 * DAY_SECONDS)
    const id = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team', until })
    await t.advance(60)
    expect(await planOf(person)).toBe('team')
    const reply = await end(id)
    expect(reply.status).toBe(204)
    expect(reply.text).toBe('')
    expect(await planOf(person)).toBe('pro')
    expect(await lastOfTrail(person.accountId, 'grant.ended')).toMatchObject({
      actor_kind: 'operator',
      details: {
        grant: id,
        source: 'complimentary',
        until_before: until,
        until: instant(t),
        reason: 'A mistake',
      },
    })
  })

  test('the trial of the registration can be ended too, and shows as over', async () => {
    const person = await register(t)
    await t.advance(60)
    const { rows } = await t.app.pool.query('select id from grants where account_id = $1', [person.accountId])
    expect((await end(rows[0].id)).status).toBe(204)
    const { body } = await signIn(t, person.email)
    const state = await t.call('GET', '/v1/billing/state', { as: body.access_token })
    expect(state.body).toMatchObject({
      plan: 'free',
      reason: 'trial-expired',
      subscription: { status: 'trial_expired' },
    })
  })

  test('one that has not begun never begins', async () => {
    const person = await register(t)
    const id = await giveGrant(t, person.accountId, {
      source: 'complimentary',
      plan: 'team',
      from: instant(t, 60),
    })
    expect((await end(id)).status).toBe(204)
    expect((await end(id)).body.code).toBe('grant-already-ended')
    await t.advance(60)
    expect(await planOf(person)).toBe('pro')
  })

  test('409: ended before, or over by itself; the trail has the first end only', async () => {
    const person = await register(t)
    const id = await giveGrant(t, person.accountId, { source: 'override', plan: 'team' })
    const [first, second] = await Promise.all([end(id), end(id)])
    expect([first.status, second.status].sort()).toEqual([204, 409])
    const { rows } = await t.app.pool.query(
      `select count(*) from audit_log where action = 'grant.ended' and account_id = $1`,
      [person.accountId],
    )
    expect(rows[0].count).toBe(1)

    const short = await giveGrant(t, person.accountId, {
      source: 'override',
      plan: 'team',
      until: instant(t, 10),
    })
    await t.advance(10)
    const reply = await end(short)
    expect(reply.status).toBe(409)
    expect(reply.body.code).toBe('grant-already-ended')
  })

  test('404: no such grant, and one that Stripe gave', async () => {
    expect((await end(randomUUID())).status).toBe(404)
    const { accountId } = await register(t)
    const id = randomUUID()
    await t.app.pool.query(
      `insert into grants (id, account_id, source, plan, from_at, until_at, reason, granted_by, created_at,
         stripe_subscription_id)
       values ($1, $2, 'stripe', 'pro', $3, null, 'subscription', 'stripe', $3, 'sub_1')`,
      [id, accountId, t.app.now()],
    )
    expect((await end(id)).status).toBe(404)
  })

  test('422: without a reason', async () => {
    const { accountId } = await register(t)
    const id = await giveGrant(t, accountId, { source: 'override', plan: 'team' })
    for (const body of [{}, { reason: '' }, { reason: null }, []]) {
      const reply = await end(id, body)
      expect(reply.status).toBe(422)
      expect(reply.body.errors[0].pointer).toBe(Array.isArray(body) ? '#' : '#/reason')
    }
    const url = `/v1/operator/grants/${id}`
    expect((await t.call('DELETE', url, { as: await operatorToken(t) })).status).toBe(422)
  })
})
