import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storedSecrets } from '../support/dump.ts'
import { exported } from '../support/exports.ts'
import { newMember, sendInvite } from '../support/invites.ts'
import { customerOf, mirrored } from '../support/mirrored.ts'
import { newAddress, operatorToken, registerVerified } from '../support/people.ts'
import { giveGrant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const exportOf = (as: string) => exported(t, '/v1/accounts/me/export', as)

describe('200', () => {
  test('all that is kept of the account is in it', async () => {
    const ada = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    const bob = await newMember(t, ada, 'admin')
    const invitee = newAddress('guest')
    await sendInvite(t, ada, invitee, 'viewer')
    const grant = await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'team' })
    const { id: subscription, customer } = await mirrored(t, ada.accountId)
    const { pool } = t.app
    const at = t.app.now()
    await pool.query(`insert into usage values ($1, 'kb_conversions', $2, 7)`, [ada.accountId, at])
    await pool.query(
      `insert into account_features values ($1, 'scripts', true, null, 'Asked for', 'an operator', $2)`,
      [ada.accountId, at],
    )
    await pool.query(
      `insert into checkout_sessions values
        (gen_random_uuid(), $1, $2, 'cs_test_1', '{"plan":"pro"}', '{"success_url":"https://words.for.stripe"}', 'complete', $3, $3)`,
      [ada.accountId, customer, at],
    )
    const { reply, records, text, files } = await exportOf(ada.accessToken)
    // Owners know who is in it: members.json has addresses and names.
    expect(files['README.txt']).not.toContain('they are ids')
    expect(reply.headers['content-disposition']).toContain('filename="account-')
    expect(records.account).toMatchObject([{ id: ada.accountId, name: 'Engines', closed_at: null }])
    expect(records.members).toMatchObject([
      { user_id: ada.userId, email: ada.email, name: 'Ada', role: 'owner' },
      { user_id: bob.userId, email: bob.email, role: 'admin' },
    ])
    expect(records.invites).toMatchObject([
      { email: bob.email, accepted_by: bob.userId },
      { email: invitee, role: 'viewer', invited_by: ada.userId },
    ])
    expect(records.grants).toMatchObject([
      { source: 'trial', plan: 'pro' },
      { id: grant, source: 'complimentary', plan: 'team', reason: 'Agreed with sales' },
    ])
    expect(records.subscriptions).toMatchObject([{ stripe_subscription_id: subscription, status: 'active' }])
    expect(records.stripe_customers).toMatchObject([{ stripe_customer_id: customer }])
    expect(records.checkout_sessions).toMatchObject([{ wish: { plan: 'pro' }, status: 'complete' }])
    expect(records.usage).toMatchObject([{ name: 'kb_conversions', used: 7 }])
    expect(records.feature_overrides).toMatchObject([{ name: 'scripts', value: true, reason: 'Asked for' }])
    expect(records.mails).toContainEqual(expect.objectContaining({ template: 'invite' }))
    const actions = records.activity?.map(({ action }) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['account.created', 'invite.accepted', 'grant.given', 'account.exported']),
    )
    expect(text).not.toContain('words.for.stripe')
  })

  test('no hash or token is in it, nothing of other accounts, and not from where members come', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const other = await registerVerified(t, { account_name: 'Other Engines' })
    const [elsewhere, invitee] = [newAddress('elsewhere'), newAddress('guest')]
    await sendInvite(t, other, elsewhere)
    await sendInvite(t, ada, invitee)
    await customerOf(t, other.accountId)
    const { text, records } = await exportOf(ada.accessToken)
    expect(text).toContain(invitee)
    for (const foreign of [other.email, other.userId, other.accountId, 'Other Engines', elsewhere])
      expect(text).not.toContain(foreign)
    expect(text).not.toContain('127.0.0.1')
    expect(records.activity?.[0]).not.toHaveProperty('ip')
    for (const secret of [ada.accessToken, ada.refreshToken, '$argon2']) expect(text).not.toContain(secret)
    expect((await storedSecrets(t)).filter((secret) => text.includes(secret))).toEqual([])
  })

  test('what staff did to it is in it, that they read it is not', async () => {
    const ada = await registerVerified(t)
    const reading = { as: await operatorToken(t) }
    expect((await t.call('GET', `/v1/operator/accounts/${ada.accountId}`, reading)).status).toBe(200)
    await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'team' })
    const { records, text } = await exportOf(ada.accessToken)
    expect(records.activity).toContainEqual(
      expect.objectContaining({ action: 'grant.given', actor_kind: 'operator', by_user_id: null }),
    )
    expect(text).not.toContain('operator.read-account')
  })

  test('the trail says who has exported it', async () => {
    const ada = await registerVerified(t)
    await exportOf(ada.accessToken)
    const { rows } = await t.app.pool.query(
      `select actor_id from audit_log where account_id = $1 and action = 'account.exported'`,
      [ada.accountId],
    )
    expect(rows).toEqual([{ actor_id: ada.userId }])
    expect((await trailOf(t, ada.userId)).map(({ action }) => action)).not.toContain('user.exported')
  })
})
