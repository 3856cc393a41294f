import type { Gate, Requirement, Verdict } from '@frontgate/client/guards'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refuse } from '../../client/src/guards/problems.ts'
import { problem } from '../../src/problems.ts'
import { registerWithTotp, requireFactor } from '../support/factors.ts'
import { bearing, openGate, openLastingGate } from '../support/gates.ts'
import { newMember } from '../support/invites.ts'
import { operatorToken, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, setOverride } from '../support/staff.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'

let t: TestApp
let byToken: Gate
let live: Gate
beforeAll(async () => {
  t = await startTestApp()
  byToken = await openLastingGate(t)
  live = await openLastingGate(t, { live: true, now: Date.now })
})
afterAll(async () => {
  byToken.close()
  live.close()
  await t.close()
})

const queryOf = ({ plan, features = [] }: Requirement) =>
  new URLSearchParams([
    ...(plan === undefined ? [] : [['require', `plan:${plan}`]]),
    ...features.map((name) => ['feature', name]),
  ]).toString()

/** What reaches whoever asked: all but the id of the refusal. */
function answerOf({ status, body, headers }: Pick<TestReply, 'status' | 'body' | 'headers'>) {
  const { instance, ...members } = body
  expect(instance).toMatch(/./)
  const names = ['content-type', 'cache-control', 'www-authenticate', 'retry-after']
  return { status, members, keys: Object.keys(body), headers: names.map((name) => headers[name]) }
}

function refusalOf(verdict: Verdict) {
  if (verdict.kind === 'passed') return 'passed'
  const { problem, headers } = verdict
  return answerOf({ status: problem.status, body: problem, headers })
}

/** Both gates and the service about the same token and requirement. */
async function compare(authorization: string | undefined, requirement: Requirement, gates: Gate[]) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  const reply = await t.call('GET', `/v1/forward-auth?${queryOf(requirement)}`, { headers })
  const expected = reply.status === 200 ? 'passed' : answerOf(reply)
  for (const gate of gates) {
    expect(refusalOf(await gate.decide(authorization, requirement))).toEqual(expected)
  }
  return reply
}

const fresh = async (email: string) => bearing((await signIn(t, email)).body.access_token)

/** Somebody whose trial is over. */
async function onFree(): Promise<string> {
  const person = await registerVerified(t)
  t.moveClock(14 * DAY_SECONDS)
  return fresh(person.email)
}

const forward = { verifiedEmail: true }
const scenarios: Record<string, [status: number, () => Promise<string | undefined>, Requirement]> = {
  nobody: [401, async () => undefined, forward],
  'another scheme': [401, async () => 'Basic YTpi', forward],
  nonsense: [401, async () => 'Bearer nonsense', forward],
  'an operator': [401, async () => bearing(await operatorToken(t)), forward],
  'an expired token': [
    401,
    async () => {
      const person = await register(t)
      t.moveClock(700)
      return bearing(person.accessToken)
    },
    forward,
  ],
  'somebody in no account': [
    403,
    async () => {
      const person = await register(t)
      await t.app.pool.query('delete from members where user_id = $1', [person.userId])
      return fresh(person.email)
    },
    forward,
  ],
  'an account that asks for a second factor': [
    403,
    async () => {
      const owner = await registerWithTotp(t)
      const member = await newMember(t, owner)
      await requireFactor(t, owner.accessToken)
      return fresh(member.email)
    },
    { plan: 'team', role: 'owner' },
  ],
  'a trial that is over': [402, onFree, { plan: 'pro' }],
  'a plan that is too low': [402, async () => bearing((await register(t)).accessToken), { plan: 'team' }],
  'a feature of a higher plan': [402, onFree, { features: ['scripts'] }],
  'of two features the first that is missing': [402, onFree, { features: ['flowpilot', 'scripts'] }],
  'a feature that was taken away': [
    402,
    async () => {
      const person = await register(t)
      await setOverride(t, person.accountId, 'features/scripts', false)
      return fresh(person.email)
    },
    { features: ['flowpilot', 'scripts'] },
  ],
  'a mailbox whose grace is over': [
    403,
    async () => {
      const person = await register(t)
      t.moveClock(7 * DAY_SECONDS)
      return fresh(person.email)
    },
    { plan: 'team' },
  ],
  'a mailbox, and nothing else asked': [
    403,
    async () => {
      const person = await register(t)
      t.moveClock(8 * DAY_SECONDS)
      return fresh(person.email)
    },
    forward,
  ],
  'a plan that there is not': [422, onFree, { plan: 'platinum' }],
  'a feature that there is not': [422, onFree, { features: ['teleport'] }],
  'what every object has': [422, onFree, { features: ['constructor'] }],
  'a plan that there is not, of a mailbox whose grace is over': [
    422,
    async () => {
      const person = await register(t)
      t.moveClock(8 * DAY_SECONDS)
      return fresh(person.email)
    },
    { plan: 'platinum' },
  ],
  'a trial': [
    200,
    async () => bearing((await register(t)).accessToken),
    { plan: 'pro', features: ['scripts'] },
  ],
  'a higher plan than is asked for': [
    200,
    async () => {
      const person = await register(t)
      await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'enterprise' })
      return fresh(person.email)
    },
    { plan: 'team' },
  ],
}

describe('a guard answers as the service does', () => {
  const reasons = [
    'trial-expired',
    'canceled',
    'past-due',
    'unpaid',
    'never-subscribed',
    'plan-too-low',
  ] as const
  test.each(reasons)('in whole sentences, as to whom it is %s', (reason) => {
    const members = { reason, plan: 'free', required_plan: 'pro', upgrade_url: 'https://product.example' }
    const { detail } = problem('subscription-required', members)
    expect(detail).toMatch(/^[A-Z][^`{]+\. This takes the plan pro or a higher one\.$/)
    expect(refuse('subscription-required', members).problem.detail).toBe(detail)
  })

  test.each(Object.entries(scenarios))('%s', async (_name, [status, arrive, requirement]) => {
    const authorization = await arrive()
    const reply = await compare(authorization, requirement, [byToken, live])
    expect(reply.status).toBe(status)
  })

  test('with live state also about what the token does not say', async () => {
    const [revoked, closed, removed] = [await register(t), await register(t), await register(t)]
    const { body: account } = await t.call('GET', '/v1/accounts/me', { as: closed.accessToken })
    await t.call('POST', '/v1/auth/logout', { as: revoked.accessToken })
    await t.call('DELETE', '/v1/accounts/me', { as: closed.accessToken, body: { confirm: account.name } })
    await t.app.pool.query('delete from members where user_id = $1', [removed.userId])
    const codes = []
    for (const { accessToken } of [revoked, closed, removed]) {
      codes.push((await compare(bearing(accessToken), forward, [live])).body.code)
    }
    expect(codes).toEqual(['session-expired', 'account-closed', 'forbidden'])
  })

  test('about roles too, as every operation of the service does', async () => {
    const person = await registerVerified(t)
    await t.app.pool.query(`update members set role = 'viewer' where user_id = $1`, [person.userId])
    const authorization = await fresh(person.email)
    const body = { limit: 'trees', amount: 1, idempotency_key: 'one' }
    const reply = await t.call('POST', '/v1/usage/consume', { headers: { authorization }, body })
    for (const gate of [byToken, live]) {
      expect(refusalOf(await gate.decide(authorization, { role: 'member' }))).toEqual(answerOf(reply))
    }
  })

  test('about limits', async () => {
    const person = await registerVerified(t)
    const authorization = bearing(person.accessToken)
    const body = { limit: 'trees', amount: 101, idempotency_key: 'two' }
    const reply = await t.call('POST', '/v1/usage/consume', { headers: { authorization }, body })
    expect(reply.status).toBe(402)
    const inTheirName = await openGate(t, { withKey: false })
    const order = { limit: 'trees', amount: 101 }
    const callerAt = async (gate: Gate) => {
      const verdict = await gate.decide(authorization, {})
      if (verdict.kind === 'refused') throw new Error(verdict.problem.code)
      return verdict.caller
    }
    for (const gate of [byToken, live, inTheirName]) {
      const caller = await callerAt(gate)
      const { members } = answerOf(reply)
      for (const asked of [gate.check(caller, order), gate.compare(caller, order, 0)]) {
        expect(await asked).toMatchObject({ kind: 'refused', problem: members })
      }
      const consumed = await gate.consume(caller, order)
      expect(refusalOf(consumed.verdict)).toEqual(answerOf(reply))
    }
    const unknown = { limit: 'castles', amount: 1 }
    for (const gate of [byToken, live, inTheirName]) {
      const caller = await callerAt(gate)
      const one = { limit: 'trees', amount: 1, idempotencyKey: 'three' }
      expect(await gate.consume(caller, one)).toMatchObject({ verdict: { kind: 'passed' } })
      const asked = [await gate.check(caller, unknown), await gate.compare(caller, unknown, 0)].map(refusalOf)
      expect(asked[0]).toMatchObject({ status: 422 })
      expect(asked[1]).toEqual(asked[0])
    }
    const { body: standing } = await t.call('GET', '/v1/entitlements', { as: person.accessToken })
    expect(standing.limits.trees.used).toBe(1)
  })
})
