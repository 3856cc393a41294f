import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inviteLimits } from '../../src/identity/throttles.ts'
import {
  accept,
  invited,
  membersOf,
  newMember,
  outcomesOf,
  registerInvited,
  seatsOf,
  sendInvite,
  sendInvites,
} from '../support/invites.ts'
import { somebodyWaits } from '../support/locks.ts'
import { newAddress, type Person, registerVerified } from '../support/people.ts'
import { endGrant, giveGrant } from '../support/staff.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'

const ROUNDS = 4

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

const atOnce = <T>(count: number, work: (app: TestApp, i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i % 2 ? t : replica, i)))
const outcomes = (replies: TestReply[]) =>
  replies.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim()).sort()
const revoke = (app: TestApp, { accessToken: as }: Person, id: string) =>
  app.call('DELETE', `/v1/accounts/me/invites/${id}`, { as })
const deleteMe = (app: TestApp, { accessToken: as }: Person) => app.call('DELETE', '/v1/me', { as, body: {} })

describe('invites at once', () => {
  test('by two who may invite, with one seat left, are one', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada, 'admin')
    for (let i = 0; i < 2; i++) await sendInvite(t, ada, newAddress())
    const replies = await atOnce(10, (app, i) => sendInvite(app, i % 3 ? ada : bob, newAddress()))
    expect(outcomes(replies)).toEqual(['201', ...Array(9).fill('402 seat-limit-reached')])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 3 })
  })

  test('to one address are one, with one link that works', async () => {
    const ada = await registerVerified(t)
    const email = newAddress()
    const replies = await atOnce(8, (app) => sendInvite(app, ada, email))
    expect(outcomes(replies)).toEqual(Array(8).fill('201'))
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1)
    expect(await seatsOf(t, ada)).toMatchObject({ pending: 1 })
    const links = (await t.mailsTo(email)).flatMap((mail) => mail.links)
    expect(new Set(links).size).toBe(8)
    const looks = links.map((link) => {
      const token = new URL(link).searchParams.get('token')
      return t.call('POST', '/v1/invites/preview', { body: { token } })
    })
    expect(outcomes(await Promise.all(looks))).toEqual(['200', ...Array(7).fill('410 token-superseded')])
  })
})

describe('many invites at once, by several calls', () => {
  test('take exactly the seats that are free', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada, 'admin')
    const replies = await atOnce(4, (app, i) =>
      sendInvites(app, i % 3 ? ada : bob, [
        [newAddress(), 'member'],
        [newAddress(), 'member'],
      ]),
    )
    expect(replies.flatMap(outcomesOf).sort()).toEqual([
      ...Array(3).fill('invited'),
      ...Array(5).fill('seat-limit-reached'),
    ])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 3 })
  })

  test('count the mail of a seat that becomes free only after they have looked', async () => {
    const ada = await registerVerified(t)
    const { id } = await invited(t, ada, newAddress())
    for (let i = 0; i < 3; i++) await sendInvite(t, ada, newAddress())
    const late = newAddress()
    const holder = await t.app.pool.connect()
    await holder.query('begin')
    await holder.query('select from accounts where id = $1 for update', [ada.accountId])
    const reply = sendInvites(replica, ada, [[late, 'member']])
    await somebodyWaits(t)
    await holder.query('update account_invites set revoked_at = $1 where id = $2', [t.app.now(), id])
    await holder.query('commit')
    holder.release()
    expect(outcomesOf(await reply)).toEqual(['invited'])
    expect(await t.mailsTo(late)).toHaveLength(1)
    const perHour = (mails: number) => t.app.limiter.peek(inviteLimits(ada.accountId, mails), t.app.now())
    expect(await perHour(95)).toEqual({ retryAfterSeconds: null })
    expect((await perHour(96)).retryAfterSeconds).toBeGreaterThan(0)
  })

  test('to the same addresses are one each, with one mail', async () => {
    const ada = await registerVerified(t)
    const rows = Array.from({ length: 4 }, () => [newAddress(), 'member'] as const)
    const replies = await atOnce(4, (app, i) => sendInvites(app, ada, i % 3 ? rows : rows.toReversed()))
    const seen = replies.flatMap(outcomesOf).sort()
    expect(seen).toEqual([...Array(4).fill('invited'), ...Array(12).fill('renewed')])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 4 })
    for (const [email] of rows) expect(await t.mailsTo(email)).toHaveLength(1)
  })
})

describe('one link, used many times at once', () => {
  test('makes a user a member once', async () => {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    const { token } = await invited(t, ada, bob.email)
    const replies = await atOnce(20, (app) => accept(app, bob, token))
    expect(outcomes(replies)).toEqual(['200', ...Array(19).fill('410 token-used')])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 0 })
  })

  test('registers one user', async () => {
    const ada = await registerVerified(t)
    const email = newAddress()
    const { token } = await invited(t, ada, email)
    const replies = await atOnce(10, (app) => registerInvited(app, email, token))
    expect(outcomes(replies).filter((outcome) => outcome === '201')).toHaveLength(1)
    for (const outcome of outcomes(replies))
      expect(['201', '409 email-already-registered', '410 token-used']).toContain(outcome)
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 0 })
  })
})

test('twenty who accept at once, when the plan has shrunk to one free seat, fill it, and the others’ invites stay', async () => {
  const ada = await registerVerified(t)
  for (let i = 0; i < 3; i++) await newMember(t, ada)
  const grant = await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'team' })
  const people: { email: string; token: string }[] = []
  for (let i = 0; i < 20; i++) {
    const email = newAddress()
    people.push({ email, ...(await invited(t, ada, email)) })
  }
  await endGrant(t, grant)
  const replies = await atOnce(20, (app, i) => {
    const { email = '', token = '' } = people[i] ?? {}
    return registerInvited(app, email, token)
  })
  expect(outcomes(replies)).toEqual(['201', ...Array(19).fill('402 seat-limit-reached')])
  expect(await seatsOf(t, ada)).toMatchObject({ used: 5, pending: 19, limit: 5 })
})

test('accepted and revoked at once, an invite is one or the other', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    const { id, token } = await invited(t, ada, bob.email)
    const replies = await Promise.all([accept(t, bob, token), revoke(replica, ada, id)])
    const isMember = bob.userId in (await membersOf(t, ada.accountId))
    expect(outcomes(replies)).toEqual(
      isMember ? ['200', '409 invite-already-accepted'] : ['204', '410 token-canceled'],
    )
  }
})

test('whoever is deleted while they accept is a member of nothing', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    const { token } = await invited(t, ada, bob.email)
    const [accepted, deleted] = await Promise.all([accept(t, bob, token), deleteMe(replica, bob)])
    expect([200, 401]).toContain(accepted.status)
    expect(deleted.status).toBe(204)
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'owner' })
  }
})

test('whoever is deleted while they invite leaves no invite that opens anything', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await registerVerified(t)
    const admin = await newMember(t, ada, 'admin')
    const [bob, eve] = [await registerVerified(t), newAddress()]
    const { token } = await invited(t, admin, bob.email)
    const [deleted, , accepted] = await Promise.all([
      deleteMe(t, admin),
      sendInvite(replica, admin, eve),
      accept(replica, bob, token),
    ])
    expect(deleted.status).toBe(204)
    expect(await seatsOf(t, ada)).toMatchObject({ used: accepted.status === 200 ? 2 : 1, pending: 0 })
    if (accepted.status !== 200) expect(accepted.body.code).toBe('token-canceled')
  }
})
