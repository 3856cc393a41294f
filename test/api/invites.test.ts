import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { revealToken } from '../../src/secrets/mailedTokens.ts'
import { dump } from '../support/dump.ts'
import { accept, invited, newMember, registerInvited, seatsOf, sendInvite } from '../support/invites.ts'
import { mirrored } from '../support/mirrored.ts'
import { newAddress, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, setOverride } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const WEEK = 7 * DAY_SECONDS
const list = async ({ accessToken: as }: Person, query = '') =>
  (await t.call('GET', `/v1/accounts/me/invites?${query}`, { as })).body
const resend = ({ accessToken: as }: Person, id: string) =>
  t.call('POST', `/v1/accounts/me/invites/${id}/resend`, { as })
const revoke = ({ accessToken: as }: Person, id: string) =>
  t.call('DELETE', `/v1/accounts/me/invites/${id}`, { as })
const preview = async (token: string) => {
  const { status, body } = await t.call('POST', '/v1/invites/preview', { body: { token } })
  return body.code ?? status
}
const inSeconds = (seconds: number) => new Date(t.app.now().getTime() + seconds * 1000).toISOString()
async function signedInAgain(person: Person): Promise<Person> {
  return { ...person, accessToken: (await signIn(t, person.email)).body.access_token }
}

/** Somebody who is verified where no mails are sent. */
async function registerVerifiedByHand(idle: TestApp): Promise<Person> {
  const person = await register(idle)
  await idle.app.pool.query('update users set email_verified_at = created_at where id = $1', [person.userId])
  return person
}

describe('sendInvite', () => {
  test('201: the invite, without its token, and a mail that names both and leads to the page', async () => {
    const ada = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    const email = newAddress('bob')
    const reply = await sendInvite(t, ada, ` ${email.toUpperCase()}`, 'viewer')
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      id: expect.any(String),
      email,
      role: 'viewer',
      status: 'pending',
      invited_by: ada.userId,
      created_at: t.app.now().toISOString(),
      expires_at: inSeconds(WEEK),
      accepted_at: null,
    })
    expect((await list(ada)).data).toEqual([reply.body])
    const [mail, ...more] = await t.mailsTo(email)
    expect(more).toEqual([])
    expect(mail?.subject).toBe('Ada invites you to Engines on Frontgate')
    expect(mail?.links).toEqual([
      expect.stringMatching(/^http:\/\/localhost:4000\/accept-invite\?token=[\w-]{43}$/),
    ])
    expect(await seatsOf(t, ada)).toEqual({ purchased: null, used: 1, pending: 1, limit: 5 })
  })

  test('the token is in no job, no row, no log line and no reply, before and after it is used', async () => {
    const idle = await startTestAppWith({}, { work: false })
    const ada = await registerVerifiedByHand(idle)
    const email = newAddress('bob')
    await sendInvite(idle, ada, email)
    const { rows: jobs } = await idle.app.pool.query('select payload from graphile_worker._private_jobs')
    const promised = jobs.map(({ payload }) => payload).find(({ template }) => template === 'invite')
    const token = revealToken(idle.app.config.secrets, promised.link.token)
    const joined = await registerInvited(idle, email, token)
    expect(joined.status).toBe(201)
    const listed = await idle.call('GET', '/v1/accounts/me/invites', { as: ada.accessToken })
    const kept = JSON.stringify([jobs, await dump(idle), idle.logged, joined.body, listed.body])
    for (const shown of [token, Buffer.from(token, 'base64url').toString('hex')])
      expect(kept.includes(shown)).toBe(false)
  })

  test('201: inviting again renews the one that is out: its id stays, its link does not', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    const first = await invited(t, ada, email, 'viewer')
    await t.advance(60)
    const second = await invited(t, ada, email, 'admin')
    expect(second.id).toBe(first.id)
    expect([await preview(first.token), await preview(second.token)]).toEqual(['token-superseded', 200])
    expect((await list(ada)).data).toMatchObject([{ role: 'admin', expires_at: inSeconds(WEEK) }])
    expect((await seatsOf(t, ada)).pending).toBe(1)
  })

  test('201: one that has expired is renewed too, one that was revoked is followed by another', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    const first = await invited(t, ada, email)
    await t.advance(WEEK)
    const again = await signedInAgain(ada)
    expect((await list(again)).data).toMatchObject([{ id: first.id, status: 'expired' }])
    expect((await seatsOf(t, again)).pending).toBe(0)
    expect((await invited(t, again, email)).id).toBe(first.id)
    await revoke(again, first.id)
    expect((await invited(t, again, email)).id).not.toBe(first.id)
    expect((await list(again)).data.map(({ status }: { status: string }) => status).sort()).toEqual([
      'pending',
      'revoked',
    ])
  })

  test('403: before the own mailbox is proved, also within the grace', async () => {
    const ada = await register(t)
    const reply = await sendInvite(t, ada, newAddress())
    expect(reply.status).toBe(403)
    expect(reply.body).toMatchObject({
      code: 'email-verification-required',
      grace_ends_at: inSeconds(WEEK),
    })
  })

  test.each([
    ['admin', 'owner', 403],
    ['admin', 'admin', 201],
    ['owner', 'owner', 201],
  ])('%s inviting as %s: %i', async (own, role, status) => {
    const owner = await registerVerified(t)
    const inviter = own === 'owner' ? owner : await newMember(t, owner, own)
    const reply = await sendInvite(t, inviter, newAddress(), role)
    expect([reply.status, reply.body.code ?? 'sent']).toEqual([status, status === 201 ? 'sent' : 'forbidden'])
  })

  test('409: somebody who is a member, the caller among them', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    for (const { email } of [ada, bob]) {
      const reply = await sendInvite(t, ada, email)
      expect([reply.status, reply.body.code]).toEqual([409, 'already-member'])
    }
  })

  test('402: every seat is taken by a member or an invite, each once; revoking frees one', async () => {
    const ada = await registerVerified(t)
    await newMember(t, ada)
    const [kept = '', ...addresses] = [newAddress(), newAddress(), newAddress()]
    const { id } = await invited(t, ada, kept)
    for (const email of addresses) await sendInvite(t, ada, email)
    const full = await sendInvite(t, ada, newAddress())
    expect(full.status).toBe(402)
    expect(full.body).toMatchObject({
      code: 'seat-limit-reached',
      reason: 'limit-reached',
      plan: 'pro',
      limit: 5,
      used: 5,
      required_plan: 'team',
      upgrade_url: 'http://localhost:4000/billing',
    })
    expect((await sendInvite(t, ada, kept, 'viewer')).status).toBe(201)
    expect((await resend(ada, id)).status).toBe(200)
    await revoke(ada, id)
    expect((await sendInvite(t, ada, newAddress())).status).toBe(201)
    expect((await sendInvite(t, ada, newAddress())).status).toBe(402)
  })

  test('201: on a plan without a limit, and again within one that expired invites no longer fill', async () => {
    const ada = await registerVerified(t)
    for (let i = 0; i < 4; i++) await sendInvite(t, ada, newAddress())
    const grant = { source: 'complimentary', plan: 'enterprise' }
    expect((await sendInvite(t, ada, newAddress())).status).toBe(402)
    await giveGrant(t, ada.accountId, { ...grant, until: inSeconds(DAY_SECONDS) })
    expect((await sendInvite(t, ada, newAddress())).status).toBe(201)
    expect((await seatsOf(t, ada)).limit).toBeNull()
    await t.advance(WEEK)
    const again = await signedInAgain(ada)
    expect(await seatsOf(t, again)).toMatchObject({ pending: 0, limit: 5 })
    expect((await sendInvite(t, again, newAddress())).status).toBe(201)
  })

  test('402: fewer seats are bought than are taken; nobody has to go, and invites that are out are accepted by nobody', async () => {
    const ada = await registerVerified(t)
    const [bob, eve] = [await newMember(t, ada), await registerVerified(t)]
    const { token } = await invited(t, ada, eve.email)
    await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'team' })
    await mirrored(t, ada.accountId, { plan: 'team' })
    await t.app.pool.query(`update plans set seats = 'fixed' where plan = 'team'`)
    onTestFinished(async () => {
      await t.app.pool.query(`update plans set seats = 'follow' where plan = 'team'`)
    })
    for (const reply of [await sendInvite(t, ada, newAddress()), await accept(t, eve, token)])
      expect(reply.body).toMatchObject({
        code: 'seat-limit-reached',
        reason: 'limit-reached',
        plan: 'team',
        limit: 1,
        required_plan: 'enterprise',
      })
    const account = await t.call('GET', '/v1/accounts/me', { as: bob.accessToken })
    expect(account.body).toMatchObject({ id: ada.accountId, role: 'member' })
  })

  test.each(['', 'bob', 'bob@', 'bob@localhost'])('422: to %j', async (email) => {
    const reply = await sendInvite(t, await registerVerified(t), email)
    expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, '#/email'])
  })

  test('402: no plan has another seat where an operator says how many there are', async () => {
    const ada = await registerVerified(t)
    await setOverride(t, ada.accountId, 'limits/members', 1)
    const { body } = await sendInvite(t, ada, newAddress())
    expect(body).toMatchObject({ code: 'seat-limit-reached', limit: 1, plan: 'pro', required_plan: null })
  })

  test('429: the hundred-and-first mail of an account within an hour, sent or sent again; what is refused takes none', async () => {
    const ada = await registerVerified(t)
    for (let i = 0; i < 50; i++) {
      expect((await resend(ada, randomUUID())).status).toBe(404)
      expect((await sendInvite(t, ada, ada.email)).status).toBe(409)
    }
    const { id } = await invited(t, ada, newAddress())
    for (let i = 1; i < 100; i++) expect((await resend(ada, id)).status).toBe(200)
    expect((await sendInvite(t, ada, ada.email)).status).toBe(409)
    for (const reply of [await resend(ada, id), await sendInvite(t, ada, newAddress())]) {
      expect(reply.status).toBe(429)
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect((await sendInvite(t, await registerVerified(t), newAddress())).status).toBe(201)
  })
})

test('listInvites: 200, the newest first, page by page, of this account only', async () => {
  const [ada, other] = [await registerVerified(t), await registerVerified(t)]
  await sendInvite(t, other, newAddress())
  const addresses = [newAddress(), newAddress(), newAddress()]
  for (const email of addresses) await sendInvite(t, ada, email)
  const first = await list(ada, 'limit=2')
  const second = await list(ada, `limit=2&cursor=${first.next_cursor}`)
  const seen = [...first.data, ...second.data].map(({ email }: { email: string }) => email)
  expect(seen).toEqual(addresses.reverse())
  expect(second.next_cursor).toBeNull()
})

describe('resendInvite', () => {
  test('200: another link for seven days, in the name of whoever sent it again', async () => {
    const ada = await registerVerified(t)
    const admin = await newMember(t, ada, 'admin')
    const email = newAddress('bob')
    const { id, token } = await invited(t, ada, email)
    await t.advance(60)
    const reply = await resend(admin, id)
    expect(reply.body).toMatchObject({ id, invited_by: admin.userId, expires_at: inSeconds(WEEK) })
    expect(await preview(token)).toBe('token-superseded')
    expect(await t.mailsTo(email)).toHaveLength(2)
  })

  test('403: with a role above the own', async () => {
    const ada = await registerVerified(t)
    const admin = await newMember(t, ada, 'admin')
    const { id } = await invited(t, ada, newAddress(), 'owner')
    expect((await resend(admin, id)).body.code).toBe('forbidden')
  })

  test('409 once accepted, 410 once revoked', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    const [used, revoked] = [await invited(t, ada, email), await invited(t, ada, newAddress())]
    await registerInvited(t, email, used.token)
    await revoke(ada, revoked.id)
    expect((await resend(ada, used.id)).body.code).toBe('invite-already-accepted')
    expect((await resend(ada, revoked.id)).body.code).toBe('token-canceled')
  })
})

describe('revokeInvite', () => {
  test('204: its link opens nothing from now on; again 204; its row stays', async () => {
    const ada = await registerVerified(t)
    const { id, token } = await invited(t, ada, newAddress())
    for (let i = 0; i < 2; i++) expect((await revoke(ada, id)).status).toBe(204)
    expect(await preview(token)).toBe('token-canceled')
    expect((await list(ada)).data).toMatchObject([{ id, status: 'revoked' }])
    expect((await seatsOf(t, ada)).pending).toBe(0)
  })

  test('409: one that is accepted, and the member stays', async () => {
    const ada = await registerVerified(t)
    const email = newAddress('bob')
    const { id, token } = await invited(t, ada, email)
    await registerInvited(t, email, token)
    expect((await revoke(ada, id)).body.code).toBe('invite-already-accepted')
    expect((await list(ada)).data).toMatchObject([{ status: 'accepted', accepted_at: inSeconds(0) }])
    expect((await seatsOf(t, ada)).used).toBe(2)
  })
})

test('a user who deletes themselves takes their open invites along, in accounts that go on', async () => {
  const ada = await registerVerified(t)
  const admin = await newMember(t, ada, 'admin')
  const [bob, eve] = [await registerVerified(t), await registerVerified(t)]
  const [gone, stays] = [await invited(t, admin, bob.email), await invited(t, ada, eve.email)]
  const deleted = await t.call('DELETE', '/v1/me', { as: admin.accessToken, body: {} })
  expect(deleted.status).toBe(204)
  expect((await accept(t, bob, gone.token)).body.code).toBe('token-canceled')
  expect((await accept(t, eve, stays.token)).status).toBe(200)
  expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 0 })
})

test('what is done with invites is in the trail of the account, without addresses', async () => {
  const ada = await registerVerified(t)
  const email = newAddress('bob')
  const { id, token } = await invited(t, ada, email)
  await registerInvited(t, email, token)
  await revoke(ada, (await invited(t, ada, newAddress())).id)
  const { rows } = await t.app.pool.query(
    `select action, details from audit_log where account_id = $1 and action like 'invite.%' order by id`,
    [ada.accountId],
  )
  expect(rows.map(({ action }) => action)).toEqual([
    'invite.sent',
    'invite.accepted',
    'invite.sent',
    'invite.revoked',
  ])
  expect(rows[1].details).toEqual({ invite: id, role: 'member' })
  expect(rows[3].details).toEqual({ invites: [expect.any(String)] })
  expect(JSON.stringify(rows)).not.toContain('@')
})
