import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revealToken } from '../../src/secrets/mailedTokens.ts'
import { dump } from '../support/dump.ts'
import {
  accept,
  invited,
  newMember,
  outcomesOf,
  registerInvited,
  seatsOf,
  sendInvite,
  sendInvites,
} from '../support/invites.ts'
import { newAddress, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, endGrant, giveGrant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const HOUR = 3600
const WEEK = 7 * DAY_SECONDS
const some = (count: number, role = 'member') =>
  Array.from({ length: count }, () => [newAddress(), role] as const)
const list = async ({ accessToken: as }: Person) =>
  (await t.call('GET', '/v1/accounts/me/invites', { as })).body.data
const previewed = async (token: string) => {
  const { status, body } = await t.call('POST', '/v1/invites/preview', { body: { token } })
  return body.code ?? `${status} as ${body.role}`
}
async function unlimited(): Promise<Person & { grant: string }> {
  const ada = await registerVerified(t)
  const grant = await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'enterprise' })
  return { ...ada, grant }
}

describe('200: each row is judged for itself, in the order of the rows', () => {
  test('members, duplicates, bad rows, and one more than there are seats for', async () => {
    const ada = await registerVerified(t, { name: 'Ada' })
    const admin = await newMember(t, ada, 'admin')
    const out = newAddress('out')
    const { token } = await invited(t, ada, out, 'viewer')
    const [first, second, third] = [newAddress(), newAddress(), newAddress()]
    const reply = await sendInvites(t, admin, [
      [` ${first.toUpperCase()}`, 'viewer'],
      [ada.email, 'member'],
      [admin.email, 'member'],
      ['nobody', 'member'],
      [second, 'king'],
      [second, 'owner'],
      [second, 'admin'],
      [first, 'member'],
      [third, 'member'],
      [out, 'member'],
      [out, 'viewer'],
    ])
    const { results } = reply.body
    expect(results.map(({ email, outcome }: Record<string, string>) => [email, outcome])).toEqual([
      [` ${first.toUpperCase()}`, 'invited'],
      [ada.email, 'already-member'],
      [admin.email, 'already-member'],
      ['nobody', 'invalid'],
      [second, 'invalid'],
      [second, 'invalid'],
      [second, 'invited'],
      [first, 'duplicate'],
      [third, 'seat-limit-reached'],
      [out, 'renewed'],
      [out, 'duplicate'],
    ])
    expect(results[0].invite).toMatchObject({ email: first, role: 'viewer', invited_by: admin.userId })
    const details = results.map(({ detail }: { detail?: string }) => detail)
    expect(details).toEqual([
      undefined,
      undefined,
      undefined,
      'This takes an e-mail address.',
      expect.stringContaining('owner, admin, member, viewer'),
      'Nobody can invite with a role above their own.',
      undefined,
      'An earlier row is for the same address.',
      'The account has 5 seats, and all are taken.',
      undefined,
      'An earlier row is for the same address.',
    ])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 3 })
    // The one that was out has the new role, and a new link.
    expect(await previewed(token)).toBe('token-superseded')
    for (const [email, mails] of [
      [first, 1],
      [second, 1],
      [third, 0],
      [out, 2],
      [ada.email, 1],
    ] as const)
      expect(await t.mailsTo(email), email).toHaveLength(mails)
    const [mail] = await t.mailsTo(second)
    const link = new URL(String(mail?.links[0]))
    expect(link.pathname).toBe('/accept-invite')
    expect((await registerInvited(t, second, String(link.searchParams.get('token')))).body.account.role).toBe(
      'admin',
    )
  })

  test('a hundred rows of the longest addresses', async () => {
    const ada = await unlimited()
    const domain = `${`${'d'.repeat(60)}.`.repeat(3)}example`
    const rows = Array.from({ length: 100 }, (_, i) => {
      const local = `${i}-`.padEnd(64, 'x')
      return [`${local}@${domain}`.slice(0, 254), 'viewer'] as const
    })
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual(Array(100).fill('invited'))
    expect((await seatsOf(t, ada)).pending).toBe(100)
  })
})

describe('200: the same call again', () => {
  test('ends in the same, mails nobody once more within an hour, and the first link goes on working', async () => {
    const ada = await registerVerified(t)
    const [bob, eve] = [newAddress('bob'), newAddress('eve')]
    const { token } = await invited(t, ada, bob)
    const rows = [[bob, 'member'] as const, [eve, 'viewer'] as const]
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual(['renewed', 'invited'])
    await t.advance(HOUR - 1)
    ada.accessToken = (await signIn(t, ada.email)).body.access_token
    const before = await list(ada)
    const again = await sendInvites(t, ada, rows)
    expect(outcomesOf(again)).toEqual(['renewed', 'renewed'])
    expect(again.body.results.map(({ invite }: { invite: object }) => invite).reverse()).toEqual(before)
    expect(await list(ada)).toEqual(before)
    expect(await previewed(token)).toBe('200 as member')
    for (const email of [bob, eve]) expect(await t.mailsTo(email)).toHaveLength(1)

    await t.advance(1)
    ada.accessToken = (await signIn(t, ada.email)).body.access_token
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual(['renewed', 'renewed'])
    expect(await previewed(token)).toBe('token-superseded')
    for (const email of [bob, eve]) expect(await t.mailsTo(email)).toHaveLength(2)
    expect(await seatsOf(t, ada)).toMatchObject({ pending: 2 })
  })

  test('mails a link that works where the first is void, since who sent it may not invite any more', async () => {
    const ada = await registerVerified(t)
    const admin = await newMember(t, ada, 'admin')
    const bob = await registerVerified(t)
    const { token } = await invited(t, admin, bob.email)
    await t.app.pool.query(`update members set role = 'viewer' where user_id = $1`, [admin.userId])
    expect(await previewed(token)).toBe('token-canceled')
    expect(outcomesOf(await sendInvites(t, ada, [[bob.email, 'member']]))).toEqual(['renewed'])
    const link = new URL(String((await t.mailsTo(bob.email))[0]?.links[0]))
    expect((await accept(t, bob, String(link.searchParams.get('token')))).status).toBe(200)
  })

  test('invites anew whom the first call could not, and whose invite was revoked or has expired', async () => {
    const ada = await registerVerified(t)
    const rows = some(5)
    const first = await sendInvites(t, ada, rows)
    expect(outcomesOf(first)).toEqual([...Array(4).fill('invited'), 'seat-limit-reached'])
    const { id } = first.body.results[0].invite
    await t.call('DELETE', `/v1/accounts/me/invites/${id}`, { as: ada.accessToken })
    // There is one seat for two of them: the earlier row gets it.
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual([
      'invited',
      ...Array(3).fill('renewed'),
      'seat-limit-reached',
    ])
    expect(await t.mailsTo(rows[0]?.[0] ?? '')).toHaveLength(2)
    expect((await list(ada)).map(({ status }: { status: string }) => status).sort()).toEqual([
      ...Array(4).fill('pending'),
      'revoked',
    ])

    await t.advance(WEEK)
    ada.accessToken = (await signIn(t, ada.email)).body.access_token
    const expired = await list(ada)
    const late = await sendInvites(t, ada, rows.slice(1, 3))
    expect(outcomesOf(late)).toEqual(['invited', 'invited'])
    for (const { invite } of late.body.results)
      expect(expired).toContainEqual(expect.objectContaining({ id: invite.id, status: 'expired' }))
    expect(await t.mailsTo(rows[1]?.[0] ?? '')).toHaveLength(2)
    expect(await seatsOf(t, ada)).toMatchObject({ pending: 2 })
  })

  test('renews at the limit, and where the plan has shrunk, as long as there is room for the one who is invited', async () => {
    const ada = await unlimited()
    const rows = some(6)
    await sendInvites(t, ada, rows)
    await endGrant(t, ada.grant)
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 6, limit: 5 })
    const reply = await sendInvites(t, ada, [
      ...some(1),
      ...rows.map(([email]) => [email, 'viewer'] as const),
    ])
    expect(outcomesOf(reply)).toEqual(['seat-limit-reached', ...Array(6).fill('renewed')])
    expect((await list(ada)).every(({ role }: { role: string }) => role === 'viewer')).toBe(true)
  })
})

test('500 in the middle: what is done stays, and the same call again does the rest', async () => {
  const ada = await registerVerified(t)
  const rows = some(4)
  const [first, second, third, fourth] = rows.map(([email]) => email)
  await t.app.pool.query(`create function fail() returns trigger language plpgsql as $$ begin
      if new.email = '${third}' then raise 'a disk is full'; end if; return new; end $$;
    create trigger fail before insert on account_invites for each row execute function fail()`)
  expect((await sendInvites(t, ada, rows)).status).toBe(500)
  await t.app.pool.query('drop function fail cascade')
  expect(await seatsOf(t, ada)).toMatchObject({ pending: 2 })
  const again = outcomesOf(await sendInvites(t, ada, rows))
  expect(again).toEqual(['renewed', 'renewed', 'invited', 'invited'])
  for (const email of [first, second, third, fourth]) expect(await t.mailsTo(String(email))).toHaveLength(1)
  expect(await seatsOf(t, ada)).toMatchObject({ pending: 4 })
})

describe('429: a hundred mails an hour, by whatever operation', () => {
  test('counts mails, not rows without a seat or another mail, and does nothing where it refuses', async () => {
    const ada = await registerVerified(t)
    const rows = some(60)
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual([
      ...Array(4).fill('invited'),
      ...Array(56).fill('seat-limit-reached'),
    ])
    await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'enterprise' })
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual([
      ...Array(4).fill('renewed'),
      ...Array(56).fill('invited'),
    ])
    const more = some(41)
    const refused = await sendInvites(t, ada, more)
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-requests'])
    expect(refused.headers['retry-after']).toBe('3600')
    expect((await seatsOf(t, ada)).pending).toBe(60)
    const mixed = [...rows, ...more.slice(0, 39), ['nobody', 'member'] as const]
    expect(outcomesOf(await sendInvites(t, ada, mixed))).toEqual([
      ...Array(60).fill('renewed'),
      ...Array(39).fill('invited'),
      'invalid',
    ])
    expect((await sendInvite(t, ada, newAddress())).status).toBe(201)
    expect((await sendInvite(t, ada, newAddress())).status).toBe(429)
    expect((await sendInvites(t, ada, more.slice(40))).status).toBe(429)
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual(Array(60).fill('renewed'))
  })

  test('200: a call that used the hour up, repeated until the next one begins', async () => {
    const ada = await unlimited()
    const rows = some(100)
    expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual(Array(100).fill('invited'))
    for (const seconds of [660, HOUR - 661]) {
      await t.advance(seconds)
      ada.accessToken = (await signIn(t, ada.email)).body.access_token
      expect(outcomesOf(await sendInvites(t, ada, rows))).toEqual(Array(100).fill('renewed'))
      expect((await sendInvite(t, ada, newAddress())).status).toBe(429)
    }
    await t.advance(1)
    expect((await sendInvite(t, ada, newAddress())).status).toBe(201)
  })
})

test('403: before the own mailbox is proved, and no row is done', async () => {
  const ada = await register(t)
  for (const rows of [some(2), [['nobody', 'king'] as const]]) {
    const reply = await sendInvites(t, ada, rows)
    expect([reply.status, reply.body.code]).toEqual([403, 'email-verification-required'])
  }
  expect((await seatsOf(t, ada)).pending).toBe(0)
})

test('200: rows without an address or a role, or with one that nobody could have, are invalid, beside those that are not', async () => {
  const ada = await registerVerified(t)
  const [email, long] = [newAddress(), `${'x'.repeat(5000)}@customer.example`]
  const invites = [
    { role: 'member' },
    { email: null, role: null },
    {},
    { email: newAddress() },
    { email: newAddress(), role: null },
    { email: long, role: 'member' },
    { email: newAddress(), role: 'x'.repeat(5000) },
    { email, role: 'member' },
  ]
  const call = { as: ada.accessToken, body: { invites } }
  const reply = await t.call('POST', '/v1/accounts/me/invites/bulk', call)
  expect(outcomesOf(reply)).toEqual([...Array(7).fill('invalid'), 'invited'])
  const { results } = reply.body
  expect(results.map((result: { email: string }) => result.email)).toEqual(
    invites.map((row) => row.email ?? ''),
  )
  const details = results.map(({ detail }: { detail?: string }) => detail?.match(/address|role/)?.[0])
  const [address, role] = ['address', 'role']
  expect(details).toEqual([address, address, address, role, role, address, role, undefined])
})

test('422: no rows, more than a hundred, and rows that are none', async () => {
  const ada = await registerVerified(t)
  const send = (invites: unknown) =>
    t.call('POST', '/v1/accounts/me/invites/bulk', { as: ada.accessToken, body: { invites } })
  const row = { email: newAddress(), role: 'member' }
  for (const [invites, pointer] of [
    [[], '#/invites'],
    [Array(101).fill(row), '#/invites'],
    [[{ ...row, email: 7 }], '#/invites/0/email'],
    [[{ ...row, account_id: ada.accountId }], '#/invites/0/account_id'],
  ] as const) {
    const reply = await send(invites)
    expect([reply.status, reply.body.errors[0].pointer]).toEqual([422, pointer])
  }
  expect((await seatsOf(t, ada)).pending).toBe(0)
})

test('the tokens are in no job, no row, no log line and no reply; the trail has each invite, without addresses', async () => {
  const idle = await startTestAppWith({}, { work: false })
  const ada = await register(idle)
  await idle.app.pool.query('update users set email_verified_at = created_at where id = $1', [ada.userId])
  const rows = some(3)
  const replies = [await sendInvites(idle, ada, rows)]
  replies.push(
    await sendInvites(
      idle,
      ada,
      rows.map(([email]) => [email, 'viewer'] as const),
    ),
  )
  const { rows: jobs } = await idle.app.pool.query('select payload from graphile_worker._private_jobs')
  const tokens = jobs
    .filter(({ payload }) => payload.template === 'invite')
    .map(({ payload }) => revealToken(idle.app.config.secrets, payload.link.token))
  expect(new Set(tokens).size).toBe(6)
  const kept = JSON.stringify([jobs, await dump(idle), idle.logged, replies.map(({ text }) => text)])
  for (const token of tokens)
    for (const shown of [token, Buffer.from(token, 'base64url').toString('hex')])
      expect(kept.includes(shown)).toBe(false)
  const { rows: trail } = await idle.app.pool.query(
    `select details from audit_log where account_id = $1 and action = 'invite.sent'`,
    [ada.accountId],
  )
  expect(trail).toHaveLength(6)
  expect(JSON.stringify(trail)).not.toContain('@')
})
