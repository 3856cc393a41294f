import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { newMember } from '../support/invites.ts'
import { type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant, setOverride } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const stateOf = ({ accessToken: as }: Pick<Person, 'accessToken'>) =>
  t.call('GET', '/v1/access-state', { as })

describe('the access state', () => {
  test('says all that a guard decides by, until the trial ends and after it', async () => {
    const person = await register(t)
    const reply = await stateOf(person)
    expect(reply.status).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    const trialEnd = instant(t, 14 * DAY_SECONDS)
    expect(reply.body).toMatchObject({
      at: instant(t),
      user: {
        id: person.userId,
        email_verified: false,
        verification_grace_ends_at: instant(t, 7 * DAY_SECONDS),
      },
      session_id: decodeJwt(person.accessToken).sid,
      session_expires_at: expect.any(String),
      account_id: person.accountId,
      role: 'owner',
      upgrade_url: t.app.config.upgradeUrl,
      spans: [
        { from: null, until: trialEnd, plan: 'pro', source: 'trial', reason: null, opens: ['free', 'pro'] },
        { from: trialEnd, until: null, plan: 'free', source: null, reason: 'trial-expired', opens: ['free'] },
      ],
    })
    const [now, then] = reply.body.spans
    expect(now.features).toContain('flowpilot')
    expect(then.missing.flowpilot).toBe('pro')
    expect(now.limits.kb_conversions).toEqual({ per: expect.any(String), amount: 50 })
    expect(then.limits.kb_conversions.amount).toBeLessThan(50)
  })

  test('has a span for each time that a grant or an override begins or ends', async () => {
    const person = await register(t)
    const [begin, end] = [instant(t, 3600), instant(t, 7200)]
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team', from: begin })
    await setOverride(t, person.accountId, 'features/flowpilot', false, end)
    const { spans } = (await stateOf(person)).body
    expect(
      spans.map(({ from, plan, features }: { from: string; plan: string; features: string[] }) => [
        from,
        plan,
        features.includes('flowpilot'),
      ]),
    ).toEqual([
      [null, 'pro', false],
      [begin, 'team', false],
      [end, 'team', true],
      [instant(t, 14 * DAY_SECONDS), 'team', true],
    ])
  })

  test('is as the database has it, in one round trip, whatever is remembered', async () => {
    const owner = await registerVerified(t)
    const person = await newMember(t, owner)
    expect((await stateOf(person)).body.role).toBe('member')
    // Behind the back of all caches, as no writer does it.
    await t.app.pool.query(`update members set role = 'viewer' where user_id = $1`, [person.userId])
    let asked = 0
    const count = () => asked++
    t.app.pool.on('acquire', count)
    expect((await stateOf(person)).body.role).toBe('viewer')
    t.app.pool.off('acquire', count)
    expect(asked).toBe(1)
    await t.app.pool.query(
      `update sessions set revoked_at = now(), revoked_because = 'revoked' where user_id = $1`,
      [person.userId],
    )
    expect((await stateOf(person)).body.code).toBe('session-expired')
  })
})

describe('the access token', () => {
  const claimsOf = ({ accessToken }: Pick<Person, 'accessToken'>) => decodeJwt(accessToken)
  const again = async ({ email }: Person) =>
    claimsOf({ accessToken: (await signIn(t, email)).body.access_token })

  test('says what its bearer may do: the lower plans, the features that are on, and until when', async () => {
    const person = await register(t)
    expect(claimsOf(person)).toMatchObject({
      sub: person.userId,
      account_id: person.accountId,
      role: 'owner',
      email_verified: false,
      verification_grace_ends_at: instant(t, 7 * DAY_SECONDS),
      ent: {
        plan: 'pro',
        source: 'trial',
        until: instant(t, 14 * DAY_SECONDS),
        reason: null,
        opens: ['free', 'pro'],
      },
    })
    const { features } = (await stateOf(person)).body.spans[0]
    expect(claimsOf(person).ent).toHaveProperty('features', features)
    await setOverride(t, person.accountId, 'features/flowpilot', false)
    const ent = (await again(person)).ent as { features: string[] }
    expect(ent.features).toEqual(features.filter((name: string) => name !== 'flowpilot'))
  })

  test('says of who is verified that no grace ends, and of who is on nothing why', async () => {
    const person = await registerVerified(t)
    t.moveClock(14 * DAY_SECONDS)
    expect(await again(person)).toMatchObject({
      email_verified: true,
      verification_grace_ends_at: null,
      ent: { plan: 'free', source: null, until: null, reason: 'trial-expired', opens: ['free'] },
    })
  })

  test('leaves both lists out where they would make it long, and is accepted', async () => {
    const own = await startTestAppWith({}, { work: false })
    const file = await readCatalogueFile(own.app.config.catalogueFile)
    const names = Array.from({ length: 60 }, (_, i) => `a_feature_with_a_long_name_no_${i}`)
    const features = Object.fromEntries(
      names.map((name) => [name, { description: name, enabled: true, default: true }]),
    )
    await inTx(own.app, (tx) =>
      applyCatalogue(tx, { ...file, features: { ...file.features, ...features } }, own.app.now()),
    )
    const { accessToken: as } = await register(own)
    const { ent } = decodeJwt(as)
    expect(ent).toMatchObject({ plan: 'pro', source: 'trial' })
    expect(Object.keys(ent as object)).toEqual(['plan', 'source', 'until', 'reason'])
    const { body } = await own.call('GET', '/v1/access-state', { as })
    expect(body.spans[0].features).toEqual(expect.arrayContaining(names))
  })
})
