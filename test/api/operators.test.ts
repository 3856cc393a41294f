import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leavesAnAdmin } from '../../src/operators/rules.ts'
import {
  askedForFactor,
  newOperator,
  operatorId,
  protectedOperator,
  signInOperator,
} from '../support/operators.ts'
import { newAddress, operatorToken, register } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
let admin: string
beforeAll(async () => {
  t = await startTestApp()
  admin = await operatorToken(t)
})
afterAll(() => t.close())

const reason = 'Agreed in the meeting'
const outcome = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code]
const operators = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path = '', body?: object, as = admin) =>
  t.call(method, `/v1/operator/operators${path}`, { as, ...(body && { body }) })

async function lastEntries(action: string, count = 1) {
  const { rows } = await t.app.pool.query(
    'select actor_kind, details from audit_log where action = $1 order by at desc, id desc limit $2',
    [action, count],
  )
  return rows
}

describe('roles', () => {
  test('support extends trials, and gives nothing that is worth money', async () => {
    const { accountId } = await register(t)
    const as = await operatorToken(t, 'support')
    const give = (order: object, by = as) =>
      t.call('POST', `/v1/operator/accounts/${accountId}/grants`, {
        as: by,
        body: { source: 'trial', plan: 'pro', until: instant(t, 90 * DAY_SECONDS), reason, ...order },
      })
    const trial = await give({})
    expect(trial.status).toBe(201)
    for (const order of [
      { source: 'complimentary' },
      { source: 'override' },
      { plan: 'team' },
      { until: instant(t, 90 * DAY_SECONDS + 1) },
    ]) {
      expect((await give(order, admin)).status).toBe(201)
      const refused = await give(order)
      expect(outcome(refused)).toEqual([403, 'forbidden'])
      expect(refused.body.detail).toBe('This takes an operator with the role admin; yours is support.')
    }
    const end = (id: string) => t.call('DELETE', `/v1/operator/grants/${id}`, { as, body: { reason } })
    expect((await end(trial.body.id)).status).toBe(204)
    const gift = await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
    expect(outcome(await end(gift))).toEqual([403, 'forbidden'])
  })

  test('read looks at an account, and what it looked at is in the trail', async () => {
    const { accountId } = await register(t)
    const as = await operatorToken(t, 'read')
    expect((await t.call('GET', `/v1/operator/accounts/${accountId}`, { as })).status).toBe(200)
    const trail = await t.call('GET', `/v1/operator/audit?account_id=${accountId}&action=operator.`, { as })
    expect(trail.body.data).toMatchObject([
      { action: 'operator.read-account', actor_email: 'read@frontgate.example' },
    ])
  })

  test('another one counts from the next call on, without signing in again', async () => {
    const email = await newOperator(t)
    const { body } = await signInOperator(t, email)
    const { accountId } = await register(t)
    const switchOff = () =>
      t.call('PUT', `/v1/operator/accounts/${accountId}/features/scripts`, {
        as: body.access_token,
        body: { value: false, reason },
      })
    expect((await switchOff()).status).toBe(200)
    const changed = await operators('PATCH', `/${body.operator.id}`, { role: 'support', reason })
    expect(changed.body).toMatchObject({ email, role: 'support', second_factor: false })
    expect(outcome(await switchOff())).toEqual([403, 'forbidden'])
    expect(await lastEntries('operator.role-changed')).toEqual([
      {
        actor_kind: 'operator',
        details: { operator: body.operator.id, before: 'admin', role: 'support', reason },
      },
    ])
  })

  test('what a token of the command line may is the role of its operator too', async () => {
    expect(outcome(await operators('GET', '', undefined, await operatorToken(t, 'support')))).toEqual([
      403,
      'forbidden',
    ])
  })
})

describe('admins', () => {
  test('add, list, change and remove operators, each with a reason that is kept', async () => {
    const email = newAddress('staff')
    const added = await operators('POST', '', { email: email.toUpperCase(), role: 'read', reason })
    expect(added.status).toBe(201)
    expect(added.body).toMatchObject({ email, role: 'read', last_signed_in_at: null, second_factor: false })
    // Once more is the same, and another role is theirs from then on.
    const again = await operators('POST', '', { email, role: 'support', reason })
    expect(again.body).toEqual({ ...added.body, role: 'support' })
    const { id } = added.body
    const signedIn = await signInOperator(t, email)
    const listed = await operators('GET')
    expect(listed.body.data[0]).toMatchObject({ id, last_signed_in_at: expect.any(String) })
    expect((await operators('DELETE', `/${id}`, { reason: 'Left' })).status).toBe(204)
    expect((await operators('GET')).body.data[0].id).not.toBe(id)
    expect(outcome(await operators('DELETE', `/${id}`, { reason: 'Left' }))).toEqual([404, 'not-found'])
    const late = await t.call('GET', '/v1/operator/catalogue', { as: signedIn.body.access_token })
    expect(late.status).toBe(401)
    expect(await lastEntries('operator.removed')).toEqual([
      { actor_kind: 'operator', details: { operator: id, role: 'support', reason: 'Left' } },
    ])
    expect(outcome(await operators('POST', '', { email, role: 'read' }))).toEqual([422, 'invalid-request'])
  })

  test('whoever is removed comes back without the factor they had', async () => {
    const { email, id } = await protectedOperator(t)
    await operators('DELETE', `/${id}`, { reason: 'Left' })
    await operators('POST', '', { email, role: 'read', reason: 'Back again' })
    t.moveClock(120)
    expect((await signInOperator(t, email)).body.operator).toEqual({ id, email, role: 'read' })
  })

  test('the last one is neither removed nor lowered, however many are at once', async () => {
    const own = await startTestAppWith({}, { work: false })
    const as = await operatorToken(own)
    const add = async (role: string) => {
      const body = { email: newAddress('staff'), role, reason }
      return (await own.call('POST', '/v1/operator/operators', { as, body })).body.id
    }
    const ids = [await add('admin'), await add('admin'), await add('admin')]
    await add('support')
    const { body } = await own.call('GET', '/v1/operator/operators', { as })
    const all = body.data.filter(({ role }: { role: string }) => role === 'admin')
    expect(all).toHaveLength(ids.length + 1)
    const replies = await Promise.all(
      all.map(({ id }: { id: string }, i: number) =>
        own.call(i % 2 ? 'DELETE' : 'PATCH', `/v1/operator/operators/${id}`, {
          as,
          body: i % 2 ? { reason } : { role: 'read', reason },
        }),
      ),
    )
    const { rows } = await own.app.pool.query(
      `select count(*) from operators where role = 'admin' and disabled_at is null`,
    )
    expect(rows[0].count).toBe(1)
    // Whoever was lowered or removed meanwhile may not go on.
    for (const { status } of replies) expect([200, 204, 401, 403, 409]).toContain(status)
  })

  test('somebody would be left who is one: the rule', () => {
    const [ada, bob] = [
      { id: 'a', role: 'admin' },
      { id: 'b', role: 'admin' },
    ] as const
    expect(leavesAnAdmin([ada], 'a', null)).toBe(false)
    expect(leavesAnAdmin([ada], 'a', 'support')).toBe(false)
    expect(leavesAnAdmin([ada], 'a', 'admin')).toBe(true)
    expect(leavesAnAdmin([ada, bob], 'a', null)).toBe(true)
    expect(leavesAnAdmin([ada], 'c', null)).toBe(true)
  })

  test('reset the factors of an operator who lost them', async () => {
    const id = await operatorId(t)
    const reply = await operators('POST', `/${id}/reset-factors`, { reason: 'Lost the telephone' })
    expect(reply.status).toBe(204)
    expect(await lastEntries('operator.factors-reset')).toEqual([
      { actor_kind: 'operator', details: { operator: id, reason: 'Lost the telephone' } },
    ])
  })

  test('do not take their own factor away, which would need no proof of it any more', async () => {
    const { id, email, accessToken } = await protectedOperator(t)
    const reset = (as: string) => operators('POST', `/${id}/reset-factors`, { reason }, as)
    expect(outcome(await reset(accessToken))).toEqual([403, 'forbidden'])
    const shouted = await operators('POST', `/${id.toUpperCase()}/reset-factors`, { reason }, accessToken)
    expect(outcome(shouted)).toEqual([403, 'forbidden'])
    expect((await askedForFactor(t, email)).body.methods).toEqual(['totp', 'recovery-code'])
    const another = await protectedOperator(t)
    expect((await reset(another.accessToken)).status).toBe(204)
  })

  test('decide who is an operator within ten minutes of signing in, and look for longer', async () => {
    const { accessToken, cookies } = await protectedOperator(t)
    const order = () => ({ email: newAddress('staff'), role: 'read', reason })
    const added = await operators('POST', '', order(), accessToken)
    expect(added.status).toBe(201)
    t.moveClock(600)
    const { body } = await t.call('POST', '/v1/operator/auth/refresh', { cookies })
    const as = body.access_token
    const path = `/${added.body.id}`
    const replies = [
      await operators('POST', '', order(), as),
      await operators('PATCH', path, { role: 'admin', reason }, as),
      await operators('DELETE', path, { reason }, as),
      await operators('POST', `${path}/reset-factors`, { reason }, as),
    ]
    for (const reply of replies) expect(outcome(reply)).toEqual([403, 'recent-sign-in-required'])
    const listed = await operators('GET', '', undefined, as)
    expect(listed.body.data).toContainEqual({ ...added.body, role: 'read' })
    // Whoever has the machine has just proved that.
    expect((await operators('DELETE', path, { reason }, await operatorToken(t))).status).toBe(204)
  })
})
