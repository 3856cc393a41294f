import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addPasskey,
  addTotp,
  codeOf,
  firstStep,
  registerWithTotp,
  requireFactor,
  secondStep,
} from '../support/factors.ts'
import { newMember } from '../support/invites.ts'
import { registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp()
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

const twenty = <T>(work: (app: TestApp, i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 20 }, (_, i) => work(i % 2 === 0 ? t : replica, i)))
const outcomes = (replies: { status: number; body: { code?: string } | null }[]) =>
  replies.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim()).sort()
/** One goes through; of the others none does. */
function expectOne(replies: Parameters<typeof outcomes>[0]): void {
  const [first, ...others] = outcomes(replies)
  expect(first).toBe('200')
  expect(others.filter((outcome) => outcome === '200')).toEqual([])
}
const sessionsOf = async (userId: string) => {
  const { rows } = await t.app.pool.query(
    'select count(*)::int as n from sessions where user_id = $1 and revoked_at is null',
    [userId],
  )
  return rows[0].n - 1
}
/** Both clocks, since each app has its own. */
function later(seconds: number): void {
  t.moveClock(seconds)
  replica.moveClock(seconds)
}

describe('20 second steps at once', () => {
  test('with one challenge and one code begin one session', async () => {
    const holder = await registerWithTotp(t)
    const { challenge } = await firstStep(t, holder)
    later(30)
    const code = codeOf(t, holder.secret)
    const replies = await twenty((app) => secondStep(app, challenge, { code }))
    expect(outcomes(replies)).toEqual(['200', ...Array(19).fill('410 challenge-over')])
    expect(await sessionsOf(holder.userId)).toBe(1)
  })

  test('with one code for twenty challenges begin one session', async () => {
    const holder = await registerWithTotp(t)
    const challenges = await twenty((app) => firstStep(app, holder))
    later(30)
    const code = codeOf(t, holder.secret)
    expectOne(await twenty((app, i) => secondStep(app, challenges[i].challenge, { code })))
    expect(await sessionsOf(holder.userId)).toBe(1)
  })

  test('with one recovery code for twenty challenges begin one session', async () => {
    const holder = await registerWithTotp(t)
    const challenges = await twenty((app) => firstStep(app, holder))
    const [recovery_code] = holder.recoveryCodes
    expectOne(await twenty((app, i) => secondStep(app, challenges[i].challenge, { recovery_code })))
    expect(await sessionsOf(holder.userId)).toBe(1)
  })

  test('with one answer of a passkey begin one session', async () => {
    const person = await registerVerified(t)
    const { key } = await addPasskey(t, person)
    const asked = await firstStep(t, person)
    const challenges = await twenty((app) => firstStep(app, person))
    const passkey = key.get(asked.passkey)
    expectOne(await twenty((app, i) => secondStep(app, challenges[i].challenge, { passkey })))
    expect(await sessionsOf(person.userId)).toBe(1)
  })

  test('that guess are heard five times, the right one among the later ones is not', async () => {
    const holder = await registerWithTotp(t)
    const { challenge } = await firstStep(t, holder)
    const replies = await twenty((app) => secondStep(app, challenge, { code: '000000' }))
    expect(outcomes(replies)).toEqual([
      ...Array(5).fill('401 wrong-second-factor'),
      ...Array(15).fill('429 too-many-requests'),
    ])
    later(30)
    expect((await secondStep(t, challenge, { code: codeOf(t, holder.secret) })).status).toBe(429)
  })
})

describe('a first factor, added while others sign in', () => {
  test('leaves none of them a session that nothing proved', async () => {
    const person = await registerVerified(t)
    // One more, and where all of them are faster the session that adds the factor is the oldest of too many.
    const others = t.app.config.sessionsPerUser - 1
    const [, ...replies] = await Promise.all([
      addTotp(t, person),
      ...Array.from({ length: others }, (_, i) => signIn(i % 2 === 0 ? t : replica, person.email)),
    ])
    const { rows } = await t.app.pool.query(
      'select id from sessions where user_id = $1 and revoked_at is null and factor is null',
      [person.userId],
    )
    expect(rows).toEqual([])
    for (const { status, body } of replies) {
      if (status === 401) expect(body.code).toBe('second-factor-required')
      if (status === 200) expect((await t.call('GET', '/v1/me', { as: body.access_token })).status).toBe(401)
    }
  })
})

describe('an account that asks for a factor while a member works', () => {
  test('refuses everything that is asked after it was told', async () => {
    const owner = await registerWithTotp(t)
    const member = await newMember(t, owner)
    const read = () => t.call('GET', '/v1/billing/state', { as: member.accessToken })
    const before = await twenty(read)
    expect(outcomes(before)).toEqual(Array(20).fill('200'))
    const during = Promise.all(Array.from({ length: 10 }, read))
    await requireFactor(t, owner.accessToken)
    const after = await twenty(read)
    expect(outcomes(after)).toEqual(Array(20).fill('403 second-factor-required-here'))
    for (const { status } of await during) expect([200, 403]).toContain(status)
  })

  test('does not lose its member a factor that they take away meanwhile, but the account to them', async () => {
    const owner = await registerWithTotp(t)
    const member = await newMember(t, owner)
    await addTotp(t, member)
    const [removed] = await Promise.all([
      t.call('DELETE', '/v1/me/factors/totp', { as: member.accessToken }),
      requireFactor(t, owner.accessToken),
    ])
    const { status } = await t.call('GET', '/v1/billing/state', { as: member.accessToken })
    expect([removed.status, status]).toEqual(removed.status === 204 ? [204, 403] : [409, 200])
  })
})
