import { createGate, type Gate, type Requirement, type Verdict } from '@frontgate/client/guards'
import { createTestKit, type State } from '@frontgate/client/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import shipped from '../../catalogue.json' with { type: 'json' }
import { buyer, FAILS_LATER, freshToken } from '../support/buyers.ts'
import { registerWithTotp, requireFactor } from '../support/factors.ts'
import { bearing, openLastingGate } from '../support/gates.ts'
import { newMember } from '../support/invites.ts'
import { type Person, register, registerVerified } from '../support/people.ts'
import { DAY_SECONDS, giveGrant } from '../support/staff.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
let byToken: Gate
let live: Gate
beforeAll(async () => {
  t = await startStripeApp()
  byToken = await openLastingGate(t)
  live = await openLastingGate(t, { live: true, now: Date.now })
})
afterAll(async () => {
  byToken.close()
  live.close()
  await t.close()
})

/** Brings a real account into each state that the kit knows. */
const real: Record<State, () => Promise<Person>> = {
  proActive: () => buyer(t),
  trialing: () => registerVerified(t),
  async trialExpired() {
    const person = await registerVerified(t)
    await t.advance(14 * DAY_SECONDS)
    return person
  },
  async pastDueInGrace() {
    const person = await buyer(t, { card: FAILS_LATER, trial: true })
    await t.advance(15 * DAY_SECONDS)
    return person
  },
  async complimentary() {
    const person = await withoutTrial()
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'pro', until: null })
    return person
  },
  freePlan: () => withoutTrial(),
  async unverifiedAfterGrace() {
    const person = await register(t)
    await t.advance(8 * DAY_SECONDS)
    return person
  },
  async secondFactorMissing() {
    const owner = await registerWithTotp(t)
    const person = await newMember(t, owner)
    await requireFactor(t, owner.accessToken)
    return person
  },
}

/** Somebody whose account never had a grant. */
async function withoutTrial(): Promise<Person> {
  const person = await registerVerified(t)
  await t.app.pool.query('delete from grants where account_id = $1', [person.accountId])
  return person
}

const requirements: Requirement[] = [
  {},
  { role: 'owner' },
  { verifiedEmail: true },
  { plan: 'free' },
  { plan: 'pro' },
  { plan: 'team' },
  { plan: 'platinum' },
  { features: ['flowpilot', 'scripts'] },
  { features: ['teleport'] },
]

/** What a guard says, but for ids, addresses and instants. */
function wordsOf(verdict: Verdict) {
  if (verdict.kind === 'passed') {
    const { plan, source, role, emailVerified } = verdict.caller
    return { plan, source, role, emailVerified }
  }
  const { instance: _i, upgrade_url: _u, security_url: _s, grace_ended_at, ...said } = verdict.problem
  // The kit's accounts began on days of their own.
  const detail = said.detail.replaceAll(/\d{4}-\d{2}-\d{2}/g, 'some day')
  return { ...said, detail, hasGraceEnd: grace_ended_at !== undefined }
}

describe('each state is the one that the service itself brings an account into', () => {
  test.each(Object.keys(real) as State[])('%s', async (state) => {
    const kit = await createTestKit()
    const person = await real[state]()
    const authorization = bearing(await freshToken(t, person))
    const ofKit = (await kit.headers(state)).authorization
    const kitByToken = createGate(kit.gateOptions)
    const kitLive = createGate({ ...kit.gateOptions, live: true })
    for (const requirement of requirements) {
      const say = async (gate: Gate, header: string) => wordsOf(await gate.decide(header, requirement))
      expect(await say(kitByToken, ofKit)).toEqual(await say(byToken, authorization))
      expect(await say(kitLive, ofKit)).toEqual(await say(live, authorization))
    }
    for (const limit of ['trees', 'kb_conversions']) {
      for (const amount of [1, 2, 60, 2_000]) {
        const check = async (gate: Gate, header: string) => {
          const verdict = await gate.decide(header, {})
          if (verdict.kind === 'refused') return wordsOf(verdict)
          const said: Record<string, unknown> = wordsOf(await gate.check(verdict.caller, { limit, amount }))
          const { resets_at: _, upgrade, ...rest } = said
          return { ...rest, upgrade: (upgrade as { plan: string } | null | undefined)?.plan }
        }
        expect(await check(kitByToken, ofKit)).toEqual(await check(byToken, authorization))
      }
    }
    kitLive.close()
  })

  test('and time goes on as it does there', async () => {
    for (const [state, seconds, reason] of [
      ['trialing', 14 * DAY_SECONDS, 'trial-expired'],
      ['pastDueInGrace', 7 * DAY_SECONDS, 'past-due'],
    ] as const) {
      const kit = await createTestKit()
      const accountId = crypto.randomUUID()
      const gate = createGate(kit.gateOptions)
      const ofState = (await kit.headers(state, { accountId })).authorization
      expect(await gate.decide(ofState, { plan: 'pro' })).toMatchObject({ kind: 'passed' })
      kit.advance(seconds)
      expect(await gate.decide(ofState, {})).toMatchObject({ problem: { status: 401 } })
      const person = await real[state]()
      await t.advance(seconds)
      const there = await live.decide(bearing(await freshToken(t, person)), { plan: 'pro' })
      expect(there).toMatchObject({ problem: { reason } })
    }
  })
})

describe('what a test can change', () => {
  test('the role, the plan, features, limits and what was used', async () => {
    const kit = await createTestKit()
    const gate = createGate(kit.gateOptions)
    const headers = await kit.headers('complimentary', {
      role: 'viewer',
      plan: 'team',
      features: { scripts: false },
      limits: { trees: 7 },
      usage: { trees: 6 },
    })
    const passed = await gate.decide(headers.authorization, { plan: 'team' })
    if (passed.kind === 'refused') throw new Error(passed.problem.code)
    expect(passed.caller).toMatchObject({ role: 'viewer', plan: 'team', source: 'complimentary' })
    expect(await gate.decide(headers.authorization, { features: ['scripts'] })).toMatchObject({
      problem: { feature: 'scripts', required_plan: null },
    })
    expect(await gate.check(passed.caller, { limit: 'trees', amount: 1 })).toMatchObject({ kind: 'passed' })
    expect(await gate.check(passed.caller, { limit: 'trees', amount: 2 })).toMatchObject({
      problem: { limit: 7, used: 6 },
    })
  })

  test('an account while a gate follows it', async () => {
    const kit = await createTestKit()
    const gate = createGate({ ...kit.gateOptions, live: true })
    await gate.ready()
    const accountId = crypto.randomUUID()
    const { authorization } = await kit.headers('proActive', { accountId })
    expect(await gate.decide(authorization, { plan: 'pro' })).toMatchObject({ kind: 'passed' })
    await kit.headers('freePlan', { accountId })
    await expect.poll(() => gate.decide(authorization, { plan: 'pro' })).toMatchObject({ kind: 'refused' })
    gate.close()
  })

  test.each([
    [
      'a feature',
      { features: { flowpilto: true } },
      /no feature flowpilto; the catalogue has flowpilot, scripts/,
    ],
    ['a limit', { limits: { tree: 1 } }, /no limit tree; the catalogue has members, trees, kb_conversions/],
    ['usage', { usage: { tree: 1 } }, /no limit tree/],
    ['a plan', { plan: 'gold' }, /no plan gold; the catalogue has free, pro, team, enterprise/],
  ])('%s that there is not is an error that lists what there is', async (_word, overrides, message) => {
    const kit = await createTestKit()
    await expect(kit.token('proActive', overrides)).rejects.toThrow(message)
  })

  test('a state or a plan that makes no sense is an error too', async () => {
    const kit = await createTestKit()
    await expect(kit.token('rich' as State)).rejects.toThrow(/no state rich/)
    await expect(kit.token('freePlan', { plan: 'pro' })).rejects.toThrow(/another state/)
  })

  test('the catalogue is the one that Frontgate comes with, or the product’s own', async () => {
    const kit = await createTestKit()
    const plansOf = async (of: typeof kit) => {
      const reply = await of.gateOptions.fetch('https://frontgate.test/v1/plans')
      return ((await reply.json()) as { data: Record<string, unknown>[] }).data
    }
    const { body } = await t.call('GET', '/v1/plans')
    const described = body.data.map(({ plan, display_name, limits, features }: Record<string, unknown>) => ({
      plan,
      display_name,
      limits,
      features,
    }))
    expect(await plansOf(kit)).toEqual(described)
    const own = await createTestKit({ catalogue: shipped as never })
    expect(await plansOf(own)).toEqual(described)
    const gate = createGate(own.gateOptions)
    const { authorization } = await own.headers('proActive')
    expect(await gate.decide(authorization, { features: ['scripts'] })).toMatchObject({ kind: 'passed' })
  })
})
