import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OperatorRole } from '../../src/http/actor.ts'
import { purge } from '../../src/records/purge.ts'
import { dump, tablesNaming } from '../support/dump.ts'
import { changedEmail } from '../support/emailChanges.ts'
import { accept, invited, membersOf, newMember, seatsOf, sendInvite } from '../support/invites.ts'
import { mirrored } from '../support/mirrored.ts'
import {
  newAddress,
  operatorToken,
  PASSWORD,
  type Person,
  personFrom,
  register,
  registerVerified,
  signIn,
} from '../support/people.ts'
import { DAY_SECONDS, instant } from '../support/staff.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'
import { withIdentity } from '../support/withoutPassword.ts'

const GRACE = 30 * DAY_SECONDS

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

async function close({ accountId, accessToken: as }: Person): Promise<void> {
  const { rows } = await t.app.pool.query('select name from accounts where id = $1', [accountId])
  const reply = await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: rows[0].name } })
  if (reply.status !== 204) throw new Error(`Closing answered ${reply.status}: ${reply.text}`)
}
const reopen = (as: string, accountId: string) => t.call('POST', `/v1/accounts/${accountId}/reopen`, { as })
const closedOf = (as: string) => t.call('GET', '/v1/accounts?closed=true', { as })
const deleteMe = ({ accessToken: as }: Person) =>
  t.call('DELETE', '/v1/me', { as, body: { password: PASSWORD } })
/** Tokens are refused long before the grace is over. */
const later = async ({ email }: Person) => String((await signIn(t, email)).body.access_token)
const asOperator = async (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
  role: OperatorRole = 'admin',
): Promise<TestReply> =>
  t.call(method, `/v1/operator/accounts/${path}`, { as: await operatorToken(t, role), ...(body && { body }) })

async function accountRow(accountId: string) {
  const { rows } = await t.app.pool.query('select * from accounts where id = $1', [accountId])
  return rows[0]
}

describe('an account that was closed', () => {
  test('can be reopened by its owners, who are told until when, and nobody else is', async () => {
    const ada = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    const [bob, eve] = [await newMember(t, ada, 'owner'), await newMember(t, ada, 'admin')]
    await close(ada)
    for (const owner of [ada, bob]) {
      const [mail] = await t.mailsTo(owner.email)
      expect(mail?.subject).toBe('Engines was closed on Frontgate')
      expect(mail?.text).toContain(new Date(t.app.now().getTime() + GRACE * 1000).toUTCString())
      expect(mail?.links).toEqual(['http://localhost:4000/account'])
    }
    expect((await t.mailsTo(eve.email)).map(({ subject }) => subject).join()).not.toContain('closed')
    expect((await closedOf(bob.accessToken)).body).toEqual({
      data: [
        {
          id: ada.accountId,
          name: 'Engines',
          role: 'owner',
          closed_at: instant(t),
          purge_due_at: instant(t, GRACE),
        },
      ],
      next_cursor: null,
    })
    expect((await closedOf(eve.accessToken)).body.data).toEqual([])
  })

  test('comes back as it was, with its members, its invites and what is left of its trial', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await newMember(t, ada, 'admin')
    const guest = await registerVerified(t)
    const { token } = await invited(t, ada, guest.email)
    const before = await t.call('GET', '/v1/billing/state', { as: bob.accessToken })
    await close(ada)
    expect((await accept(t, guest, token)).body.code).toBe('token-canceled')
    const reply = await reopen(ada.accessToken, ada.accountId)
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({ id: ada.accountId, name: 'Engines', role: 'owner' })
    expect((await t.call('GET', '/v1/billing/state', { as: bob.accessToken })).body).toEqual(before.body)
    expect((await accept(t, guest, token)).status).toBe(200)
    expect((await closedOf(ada.accessToken)).body.data).toEqual([])
    // Once more finds it open.
    expect((await reopen(ada.accessToken, ada.accountId)).status).toBe(200)
    const { rows } = await t.app.pool.query(
      `select actor_id from audit_log where account_id = $1 and action = 'account.reopened'`,
      [ada.accountId],
    )
    expect(rows).toEqual([{ actor_id: ada.userId }])
  })

  test('is nobody else’s to reopen', async () => {
    const ada = await registerVerified(t)
    const [admin, stranger] = [await newMember(t, ada, 'admin'), await registerVerified(t)]
    await close(ada)
    for (const { accessToken } of [admin, stranger]) {
      const reply = await reopen(accessToken, ada.accountId)
      expect(reply.status).toBe(404)
      expect(reply.body.code).toBe('not-found')
    }
    expect(await accountRow(ada.accountId)).toMatchObject({ closed_at: t.app.now() })
  })

  test('can be reopened to the last second, and not from then on, whether it was purged yet or not', async () => {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    await close(ada)
    t.moveClock(1)
    await close(bob)
    t.moveClock(GRACE - 1)
    const [early, late] = [await later(bob), await later(ada)]
    expect((await closedOf(early)).body.data).toHaveLength(1)
    expect((await reopen(early, bob.accountId)).status).toBe(200)
    expect((await closedOf(late)).body.data).toEqual([])
    expect((await reopen(late, ada.accountId)).status).toBe(404)
    await t.sweep()
    expect(await accountRow(ada.accountId)).toMatchObject({ purged_at: t.app.now() })
    expect(await accountRow(bob.accountId)).toMatchObject({ closed_at: null, purged_at: null })
    expect((await reopen(late, ada.accountId)).status).toBe(404)
  })

  test('that was closed again is kept as long again', async () => {
    const ada = await registerVerified(t)
    await close(ada)
    await t.advance(20 * DAY_SECONDS)
    await reopen(await later(ada), ada.accountId)
    await close({ ...ada, accessToken: await later(ada) })
    await t.advance(29 * DAY_SECONDS)
    expect(await accountRow(ada.accountId)).toMatchObject({ purged_at: null })
    await t.advance(DAY_SECONDS)
    expect(await accountRow(ada.accountId)).toMatchObject({ purged_at: t.app.now() })
  })

  test('shows operators until when it is kept, and they can reopen it for whoever asks', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    await close(ada)
    const { body } = await asOperator('GET', ada.accountId)
    expect(body).toMatchObject({ closed_at: instant(t), purge_due_at: instant(t, GRACE), purged_at: null })
    const reason = 'They asked by phone'
    const reply = await asOperator('POST', `${ada.accountId}/reopen`, { reason }, 'support')
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ id: ada.accountId, name: 'Engines', closed_at: null })
    const after = await asOperator('GET', ada.accountId)
    expect(after.body).toMatchObject({ closed_at: null, purge_due_at: null })
    expect(after.body.timeline[0]).toMatchObject({
      action: 'account.reopened',
      actor_kind: 'operator',
      details: { reason: 'They asked by phone' },
    })
  })
})

describe('an account whose owners were deleted', () => {
  test('is reopened by operators for somebody who becomes its owner, and else not at all', async () => {
    const [ada, bob] = [await registerVerified(t, { account_name: 'Engines' }), await registerVerified(t)]
    await t.call('DELETE', '/v1/me', { as: ada.accessToken, body: { password: PASSWORD } })
    const refused = await asOperator('POST', `${ada.accountId}/reopen`, { reason: 'A colleague asked' })
    expect([refused.status, refused.body.code]).toEqual([409, 'last-owner'])
    expect(await accountRow(ada.accountId)).toMatchObject({ closed_at: t.app.now() })
    const body = { reason: 'A colleague asked', owner_id: bob.userId }
    // Whoever names an owner could be one of their own.
    const below = await asOperator('POST', `${ada.accountId}/reopen`, body, 'support')
    expect([below.status, below.body.detail]).toEqual([
      403,
      'This takes an operator with the role admin; yours is support.',
    ])
    expect(await accountRow(ada.accountId)).toMatchObject({ closed_at: t.app.now() })
    expect((await asOperator('POST', `${ada.accountId}/reopen`, body)).status).toBe(200)
    const { body: mine } = await t.call('GET', '/v1/accounts', { as: bob.accessToken })
    expect(mine.data).toContainEqual({ id: ada.accountId, name: 'Engines', role: 'owner' })
    // Nobody becomes one where there is one.
    const eve = await registerVerified(t)
    const again = { reason: 'Once more', owner_id: eve.userId }
    expect((await asOperator('POST', `${ada.accountId}/reopen`, again)).status).toBe(200)
    expect(await membersOf(t, ada.accountId)).toEqual({ [bob.userId]: 'owner' })
  })
})

test('closing and reopening again and again mails an owner once a day, and nobody who has not proved their mailbox', async () => {
  const [ada, bob] = [await registerVerified(t, { account_name: 'Engines' }), await register(t)]
  for (let i = 0; i < 3; i++) {
    for (const one of [ada, bob]) {
      const { body } = await t.call('GET', '/v1/accounts/me', { as: one.accessToken })
      await t.call('DELETE', '/v1/accounts/me', { as: one.accessToken, body: { confirm: body.name } })
      await reopen(one.accessToken, one.accountId)
    }
  }
  const told = async ({ email }: Person) =>
    (await t.mailsTo(email)).filter(({ subject }) => subject.includes('was closed')).length
  expect([await told(ada), await told(bob)]).toEqual([1, 0])
})

describe('once the grace is over', () => {
  test('what named somebody in an account is gone, and what books need is there', async () => {
    const ada = await registerVerified(t, { account_name: 'Marked Engines' })
    const bob = await newMember(t, ada)
    const other = await registerVerified(t, { account_name: 'Untouched' })
    const marks = ['Marked Engines', 'marked-guest', 'marked words', 'Marked reason']
    await sendInvite(t, ada, newAddress('marked-guest'))
    const { id: subscription, customer } = await mirrored(t, ada.accountId, {
      cancel_at_period_end: true,
      card: { brand: 'visa', last4: '4242', expMonth: 4, expYear: 2040 },
    })
    const { pool } = t.app
    const at = t.app.now()
    await pool.query(`insert into usage values ($1, 'kb_conversions', $2, 7)`, [ada.accountId, at])
    await pool.query(
      `insert into account_features values ($1, 'scripts', true, null, 'Marked reason', 'an operator', $2)`,
      [ada.accountId, at],
    )
    await pool.query(
      `insert into checkout_sessions values
        (gen_random_uuid(), $1, $2, 'cs_test_marked', '{"plan":"pro"}', '{"x":"marked words"}', 'complete', $3, $3)`,
      [ada.accountId, customer, at],
    )
    await pool.query(
      `insert into stripe_events (id, type, shape, stripe_customer_id, status, payload, created_at, received_at)
       values ('evt_marked', 'invoice.paid', 'snapshot', $1, 'parked', '{"x":"marked words"}', $2, $2)`,
      [customer, at],
    )
    // More than are taken at once.
    await pool.query(
      `insert into audit_log (id, at, action, actor_kind, account_id, details, ip)
       select gen_random_uuid(), $2, 'test.filled', 'anyone', $1, '{}', '203.0.113.5' from generate_series(1, 4100)`,
      [ada.accountId, at],
    )
    await close(ada)
    await t.settled()
    expect(await tablesNaming(t, marks)).toEqual(
      expect.arrayContaining(['account_invites', 'accounts', 'checkout_sessions', 'stripe_events']),
    )
    const untouched = (rows: string[] | undefined) => rows?.filter((row) => row.includes(other.accountId))
    const before = await dump(t)

    await t.advance(GRACE)
    expect(await tablesNaming(t, marks)).toEqual([])
    expect(await membersOf(t, ada.accountId)).toEqual({})
    const after = await dump(t)
    for (const table of ['accounts', 'members', 'grants', 'mail_log'])
      expect(untouched(after[table])).toEqual(untouched(before[table]))
    expect(await accountRow(ada.accountId)).toMatchObject({ name: 'Deleted account', purged_at: t.app.now() })
    const named = (table: string) => after[table]?.filter((row) => row.includes(ada.accountId)).length
    expect(named('grants')).toBe(1)
    expect(named('stripe_customers')).toBe(1)
    expect(named('checkout_sessions')).toBe(1)
    const { rows } = await pool.query(
      `select status, card from subscriptions where stripe_subscription_id = $1`,
      [subscription],
    )
    expect(rows).toEqual([{ status: 'active', card: null }])
    const trail = await pool.query(
      `select action, ip, user_agent from audit_log where account_id = $1 order by at, id`,
      [ada.accountId],
    )
    expect(trail.rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['account.created', 'invite.sent', 'account.closed', 'account.purged']),
    )
    expect(trail.rows.filter(({ ip, user_agent }) => ip ?? user_agent)).toEqual([])
    // Whoever was in it goes on.
    expect((await signIn(t, bob.email)).status).toBe(200)
    const { body } = await asOperator('GET', ada.accountId)
    expect(body).toMatchObject({
      name: 'Deleted account',
      members: [],
      purge_due_at: null,
      purged_at: instant(t),
    })
    const refused = await asOperator('POST', `${ada.accountId}/reopen`, { reason: 'Too late' })
    expect(refused.status).toBe(410)
    expect(refused.body.code).toBe('account-deleted')
  })

  test('operators give an account nothing more, since nothing would delete it, and take back what is there', async () => {
    const ada = await registerVerified(t)
    await close(ada)
    await t.advance(GRACE)
    const reason = 'Marked too late'
    for (const [method, path, body] of [
      ['PUT', 'features/scripts', { value: true }],
      ['PUT', 'limits/trees', { value: 5 }],
      ['POST', 'grants', { source: 'complimentary', plan: 'team' }],
    ] as const) {
      const reply = await asOperator(method, `${ada.accountId}/${path}`, { ...body, reason })
      expect([path, reply.status, reply.body.code]).toEqual([path, 410, 'account-deleted'])
    }
    expect(await tablesNaming(t, [reason])).toEqual([])
    await t.app.pool.query(
      `insert into account_features values ($1, 'scripts', true, null, $2, 'an operator', $3)`,
      [ada.accountId, reason, t.app.now()],
    )
    const cleared = await asOperator('DELETE', `${ada.accountId}/features/scripts`, { reason: 'Left over' })
    expect(cleared.status).toBe(200)
    expect(await tablesNaming(t, [reason])).toEqual([])
  })

  test('nothing anywhere names somebody who has deleted themself, or says from where they came', async () => {
    const marks = [
      'marked-ada',
      'marked-new',
      'Ada Marked',
      'marked-subject',
      '203.0.113.77',
      'Marked Browser',
    ]
    const from = '203.0.113.77'
    const headers = { 'user-agent': 'Marked Browser/1.0' }
    const email = newAddress('marked-ada')
    const host = await registerVerified(t, { account_name: 'Hosts' })
    const joined = await t.call('POST', '/v1/auth/register', {
      body: {
        email,
        password: PASSWORD,
        name: 'Ada Marked',
        token_delivery: 'body',
        invite_token: (await invited(t, host, email)).token,
      },
      from,
      headers,
    })
    const ada = personFrom(email, joined)
    const own = await t.call('POST', '/v1/accounts', {
      as: ada.accessToken,
      body: { name: 'Ada Marked’s account' },
      from,
      headers,
    })
    await withIdentity(t, ada)
    await t.app.pool.query(
      `update oauth_identities set subject = 'marked-subject', email = $1 where user_id = $2`,
      [email, ada.userId],
    )
    await changedEmail(t, ada, newAddress('marked-new'))
    const [now] = (await t.app.pool.query('select email from users where id = $1', [ada.userId])).rows
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: now.email }, from, headers })
    await t.call('POST', '/v1/auth/login', {
      body: { email: now.email, password: 'a wrong password' },
      from,
      headers,
    })
    const other = await registerVerified(t)
    await sendInvite(t, other, now.email)
    expect(await seatsOf(t, other)).toMatchObject({ pending: 1 })
    await t.settled()
    expect((await tablesNaming(t, marks)).length).toBeGreaterThan(6)

    const session = (await signIn(t, now.email)).body.access_token
    expect((await deleteMe({ ...ada, accessToken: session })).status).toBe(204)
    const [goodbye] = await t.mailsTo(now.email)
    expect(goodbye?.subject).toBe('You were deleted from Frontgate')
    expect(goodbye?.text).toContain('deleted for good in 30 days')
    expect(await seatsOf(t, other)).toMatchObject({ pending: 0 })
    const { rows: trail } = await t.app.pool.query(
      `select user_id, details from audit_log where account_id = $1 and action = 'invite.revoked'`,
      [other.accountId],
    )
    expect(trail).toEqual([
      { user_id: ada.userId, details: { invites: [expect.any(String)], because: 'invitee-gone' } },
    ])
    expect(await tablesNaming(t, [now.email])).toEqual(['email_changes'])

    await t.advance(GRACE - 1)
    expect(await tablesNaming(t, marks)).toEqual(
      expect.arrayContaining(['accounts', 'audit_log', 'email_changes', 'sessions']),
    )
    await t.advance(1)
    expect(await tablesNaming(t, marks)).toEqual([])
    expect(await accountRow(own.body.id)).toMatchObject({ name: 'Deleted account' })
    const actions = await actionsOf(t, ada.userId)
    expect(actions).toEqual(expect.arrayContaining(['user.registered', 'user.deleted', 'user.purged']))
    expect(await membersOf(t, host.accountId)).toEqual({ [host.userId]: 'owner' })
  })

  test('a mailbox has still had its trial', async () => {
    const ada = await registerVerified(t)
    await deleteMe(ada)
    await t.advance(GRACE)
    const again = await register(t, { email: ada.email })
    const state = await t.call('GET', '/v1/billing/state', { as: again.accessToken })
    expect(state.body).toMatchObject({ plan: 'free', subscription: { status: 'none' } })
  })

  test('running it again, or going on after it was cut off, changes nothing more', async () => {
    const ada = await registerVerified(t)
    await close(ada)
    await t.advance(GRACE)
    const before = await dump(t)
    for (let i = 0; i < 2; i++) await purge(t.app, t.app.now())
    await t.settled()
    expect(await dump(t)).toEqual(before)
  })

  test('one that cannot be purged keeps none of the others, and is tried again', async () => {
    const [stuck, ada] = [await registerVerified(t), await registerVerified(t)]
    await close(stuck)
    t.moveClock(1)
    await close(ada)
    await t.settled()
    await t.app.pool.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$`,
    )
    await t.app.pool.query(
      `create trigger refuse before delete on members for each row when (old.account_id = '${stuck.accountId}') execute function refuse()`,
    )
    t.moveClock(GRACE)
    await expect(purge(t.app, t.app.now())).rejects.toThrow('1 of accounts could not be purged')
    expect(await accountRow(ada.accountId)).toMatchObject({ purged_at: t.app.now() })
    expect(await accountRow(stuck.accountId)).toMatchObject({ purged_at: null })
    await t.app.pool.query('drop trigger refuse on members')
    await t.sweep()
    expect(await accountRow(stuck.accountId)).toMatchObject({ purged_at: t.app.now() })
  })

  test('a mail that was given up is forgotten with the address in it', async () => {
    await t.app.pool.query(
      `select graphile_worker.add_job('mail.send', json_build_object('to', 'marked-lost@customer.example'), run_at => $1)`,
      [t.app.now()],
    )
    await t.app.pool.query(
      `update graphile_worker._private_jobs set attempts = max_attempts where payload::text like '%marked-lost%'`,
    )
    await t.sweep()
    expect(await tablesNaming(t, ['marked-lost'])).toEqual(['graphile_worker._private_jobs'])
    await t.advance(31 * DAY_SECONDS)
    expect(await tablesNaming(t, ['marked-lost'])).toEqual([])
  })
})

describe('somebody who deletes themself without having proved their address', () => {
  test('takes no invites to it with them, and mails nobody', async () => {
    const email = newAddress()
    const [host, squatter] = [await registerVerified(t), await register(t, { email })]
    const { token } = await invited(t, host, email)
    const before = (await t.mailsTo(email)).length
    expect((await deleteMe(squatter)).status).toBe(204)
    expect(await t.mailsTo(email)).toHaveLength(before)
    const preview = await t.call('POST', '/v1/invites/preview', { body: { token } })
    expect(preview.body).toMatchObject({ email })
  })
})
