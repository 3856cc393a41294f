import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storedSecrets } from '../support/dump.ts'
import { changing } from '../support/emailChanges.ts'
import { exported, fillTrail } from '../support/exports.ts'
import { accept, invited, newMember, sendInvite } from '../support/invites.ts'
import { newAddress, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'
import { withIdentity } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const exportOf = (as: string) => exported(t, '/v1/me/export', as)

describe('200', () => {
  test('an archive that says what it is, and of when', async () => {
    const { accessToken } = await register(t)
    const { reply, files } = await exportOf(accessToken)
    expect(reply.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="user-${t.app.now().toISOString().slice(0, 10)}.zip"`,
      'cache-control': 'no-store',
    })
    expect(Object.keys(files)[0]).toBe('README.txt')
    expect(files['README.txt']).toContain(`as it was at ${t.app.now().toISOString()}`)
    expect(files['README.txt']).toContain('they are ids, or the names of accounts.')
    for (const name of Object.keys(files).slice(1)) expect(files['README.txt']).toContain(`${name}\n  `)
  })

  test('all that is kept of the user is in it', async () => {
    const ada = await registerVerified(t, { name: 'Ada Lovelace', account_name: 'Engines' })
    await withIdentity(t, ada)
    await signIn(t, ada.email, PASSWORD, '198.51.100.7')
    const host = await registerVerified(t, { account_name: 'Hosts' })
    const { id: accepted, token } = await invited(t, host, ada.email, 'viewer')
    await accept(t, ada, token)
    const sent = await sendInvite(t, ada, newAddress('guest'))
    const { newEmail } = await changing(t, ada)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: ada.email } })
    await t.call('PATCH', '/v1/accounts/me', { as: ada.accessToken, body: { name: 'Difference Engines' } })
    await t.settled()

    const { records } = await exportOf(ada.accessToken)
    expect(records.profile).toEqual([
      {
        id: ada.userId,
        email: ada.email,
        email_verified_at: t.app.now().toISOString(),
        name: 'Ada Lovelace',
        has_password: true,
        created_at: t.app.now().toISOString(),
      },
    ])
    expect(records.sign_in_identities).toMatchObject([
      { provider: 'google', issuer: 'https://issuer.example', subject: expect.any(String) },
    ])
    expect(records.sessions?.map(({ ip, user_agent }) => [ip, user_agent])).toEqual([
      ['127.0.0.1', 'test'],
      ['198.51.100.7', 'test'],
    ])
    expect(records.memberships).toMatchObject([
      { account_id: ada.accountId, account_name: 'Difference Engines', role: 'owner' },
      { account_id: host.accountId, account_name: 'Hosts', role: 'viewer' },
    ])
    expect(records.invites_to_you).toMatchObject([
      { id: accepted, account_name: 'Hosts', email: ada.email, role: 'viewer' },
    ])
    expect(records.invites_by_you).toMatchObject([{ id: sent.body.id, role: 'member' }])
    expect(records.address_changes).toMatchObject([{ old_email: ada.email, new_email: newEmail }])
    expect(records.verification_links).toMatchObject([
      { email: ada.email, used_at: t.app.now().toISOString() },
    ])
    expect(records.password_links).toMatchObject([{ purpose: 'reset', used_at: null }])
    const templates = records.mails?.map(({ template }) => template)
    expect(templates).toEqual(expect.arrayContaining(['verification', 'password-reset', 'confirm-new-email']))
    expect(records.trial).toMatchObject([{ account_id: ada.accountId, is_bound_to_your_address: true }])
    expect(records.activity_about_you).toContainEqual(
      expect.objectContaining({ action: 'session.began', ip: '198.51.100.7', user_agent: 'test' }),
    )
    expect(records.activity_by_you).toContainEqual(
      expect.objectContaining({ action: 'account.renamed', account_id: ada.accountId, ip: '127.0.0.1' }),
    )
  })

  test('no hash, token or key is in it, and nothing of others but ids and names of accounts', async () => {
    const ada = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    const bob = await newMember(t, ada, 'admin')
    await t.call('PATCH', '/v1/me', { as: bob.accessToken, body: { name: 'Bob Babbage' } })
    const invitee = newAddress('guest')
    await sendInvite(t, ada, invitee)
    const { token: changeToken } = await changing(t, ada)
    // Bob did something to Ada, from where he works.
    await t.app.pool.query(
      `insert into audit_log (id, at, action, actor_kind, actor_id, account_id, user_id, details, ip, user_agent)
       values (gen_random_uuid(), $1, 'member.changed', 'user', $2, $3, $4, '{}', '203.0.113.9', 'Bob’s machine')`,
      [t.app.now(), bob.userId, ada.accountId, ada.userId],
    )
    const { text, records } = await exportOf(ada.accessToken)
    expect(records.activity_about_you).toContainEqual(
      expect.objectContaining({ action: 'member.changed', is_by_you: false, ip: null, user_agent: null }),
    )
    for (const foreign of [bob.email, 'Bob Babbage', invitee, '203.0.113.9', 'Bob’s machine'])
      expect(text).not.toContain(foreign)
    for (const secret of [ada.accessToken, ada.refreshToken, changeToken, '$argon2'])
      expect(text).not.toContain(secret)
    expect((await storedSecrets(t)).filter((secret) => text.includes(secret))).toEqual([])
  })

  test('a long trail is in it in full, each line once, in order', async () => {
    const { accessToken, userId } = await register(t)
    await fillTrail(t, userId, 1203)
    const { records } = await exportOf(accessToken)
    const lines = records.activity_about_you?.filter(({ action }) => action === 'test.filled') ?? []
    expect(lines.map(({ details }) => details.line)).toEqual(Array.from({ length: 1203 }, (_, i) => 1203 - i))
  })

  test('somebody whose grace is over without having verified their address can take what is theirs', async () => {
    const ada = await register(t)
    await t.advance(8 * DAY_SECONDS)
    const { body } = await signIn(t, ada.email)
    const guarded = await t.call('GET', '/v1/forward-auth?require=plan:pro', { as: body.access_token })
    expect(guarded.body.code).toBe('email-verification-required')
    const { records } = await exportOf(body.access_token)
    expect(records.profile).toMatchObject([{ id: ada.userId, email_verified_at: null }])
  })

  test('invites to an address are shown once it is proved', async () => {
    const host = await registerVerified(t)
    const ada = await register(t)
    await sendInvite(t, host, ada.email)
    expect((await exportOf(ada.accessToken)).records.invites_to_you).toEqual([])
    const verified = await registerVerified(t)
    await sendInvite(t, host, verified.email)
    expect((await exportOf(verified.accessToken)).records.invites_to_you).toMatchObject([
      { email: verified.email },
    ])
  })

  test('the trail says that it was exported', async () => {
    const { accessToken, userId } = await register(t)
    const { records } = await exportOf(accessToken)
    expect(records.activity_about_you?.at(-1)).toMatchObject({ action: 'user.exported', is_by_you: true })
    const [entry] = await trailOf(t, userId)
    expect(entry).toMatchObject({ action: 'user.exported', actor_id: userId, ip: '127.0.0.1' })
  })
})

test('429: the sixth in an hour, counted for each user, with those of accounts', async () => {
  const { accessToken: as } = await register(t)
  for (let i = 0; i < 5; i++) await exported(t, i % 2 ? '/v1/me/export' : '/v1/accounts/me/export', as)
  const refused = await t.call('GET', '/v1/me/export', { as })
  expect(refused.status).toBe(429)
  expect(refused.body.code).toBe('too-many-requests')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3000)
  await exportOf((await register(t)).accessToken)
})

test('HEAD has the headers and nothing read: it is not counted, and not in the trail', async () => {
  const { accessToken: as, userId } = await register(t)
  for (let i = 0; i < 6; i++) {
    const reply = await t.call('HEAD', '/v1/me/export', { as })
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([200, 'application/zip', ''])
    expect(reply.headers['content-disposition']).toContain('filename="user-')
    expect(reply.headers['content-length']).toBeUndefined()
  }
  expect((await trailOf(t, userId)).map(({ action }) => action)).not.toContain('user.exported')
  await exportOf(as)
})
