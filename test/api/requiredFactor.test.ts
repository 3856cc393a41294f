import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { frontgate, SECRET } from '../support/commandLine.ts'
import {
  addTotp,
  codeOf,
  firstStep,
  nextCode,
  registerWithTotp,
  requireFactor,
  secondStep,
} from '../support/factors.ts'
import { accept, invited, newMember } from '../support/invites.ts'
import { operatorToken, type Person, registerVerified, signIn } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const get = (as: string, url = '/v1/accounts/me') => t.call('GET', url, { as })
const refresh = (refreshToken: string) =>
  t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })

/** An owner who asks for a second factor, and a member who has none. */
async function asked(): Promise<{ owner: Person; member: Person }> {
  const owner = await registerWithTotp(t)
  const member = await newMember(t, owner)
  expect((await requireFactor(t, owner.accessToken)).body.requires_second_factor).toBe(true)
  return { owner, member }
}

describe('an account that asks for a second factor', () => {
  test('is closed at once to members without one, who are told the way out', async () => {
    const { owner, member } = await asked()
    for (const url of ['/v1/accounts/me', '/v1/billing/state', '/v1/entitlements', '/v1/access-state']) {
      const { status, body } = await get(member.accessToken, url)
      expect([url, status, body.code]).toEqual([url, 403, 'second-factor-required-here'])
      expect(body.security_url).toBe('http://localhost:4000/security')
    }
    for (const query of ['', '?require=plan:pro']) {
      const guarded = await get(member.accessToken, `/v1/forward-auth${query}`)
      expect(guarded.body.code).toBe('second-factor-required-here')
    }
    const carried = await get(member.accessToken, '/v1/forward-auth?refuse=403')
    expect(carried.headers['x-frontgate-status']).toBe('403')
    expect((await get(owner.accessToken)).status).toBe(200)
  })

  test('opens to a member who adds one, in the session that they have', async () => {
    const { member } = await asked()
    await addTotp(t, member)
    expect((await get(member.accessToken)).status).toBe(200)
    expect((await get(member.accessToken, '/v1/forward-auth')).status).toBe(200)
  })

  test('says so in the token, which then names no role and no plan', async () => {
    const { member } = await asked()
    const { body } = await refresh(member.refreshToken)
    expect(decodeJwt(body.access_token)).toMatchObject({
      account_id: member.accountId,
      role: null,
      ent: null,
      needs_second_factor: true,
    })
    expect(body).toMatchObject({ needs_second_factor: true, account: { role: 'member' } })
    await addTotp(t, { accessToken: body.access_token })
    const proved = await refresh(body.refresh_token)
    expect(proved.body.needs_second_factor).toBe(false)
    expect(decodeJwt(proved.body.access_token)).toMatchObject({ role: 'member', ent: { plan: 'pro' } })
    expect(decodeJwt(proved.body.access_token)).not.toHaveProperty('needs_second_factor')
  })

  test('lets a member without one leave, switch, see themselves and sign out', async () => {
    const { member } = await asked()
    const as = member.accessToken
    expect((await get(as, '/v1/me')).status).toBe(200)
    expect((await get(as, '/v1/me/factors')).status).toBe(200)
    const own = await t.call('POST', '/v1/accounts', { as, body: { name: 'My own' } })
    expect((await t.call('POST', '/v1/accounts/me/leave', { as })).status).toBe(204)
    const switched = await t.call('POST', '/v1/auth/switch-account', {
      as,
      body: { account_id: own.body.id },
    })
    expect((await get(switched.body.access_token)).body.name).toBe('My own')
    expect((await t.call('POST', '/v1/auth/logout', { as })).status).toBe(204)
  })

  test('is joined by whoever is invited, and opens once they add one', async () => {
    const { owner } = await asked()
    const guest = await registerVerified(t)
    const joined = await accept(t, guest, (await invited(t, owner, guest.email)).token)
    const switched = await t.call('POST', '/v1/auth/switch-account', {
      as: guest.accessToken,
      body: { account_id: joined.body.account.id },
    })
    const as = switched.body.access_token
    expect((await get(as)).body.code).toBe('second-factor-required-here')
    await addTotp(t, { accessToken: as })
    expect((await get(as)).status).toBe(200)
  })

  test('is heard of by every replica', async () => {
    const owner = await registerWithTotp(t)
    const member = await newMember(t, owner)
    const replica = await startReplica(t)
    expect((await replica.get('/v1/forward-auth', member.accessToken)).status).toBe(200)
    const heard = new Promise<void>((resolve) =>
      replica.app.changes.listen((changed) => {
        if (changed === 'everything' || changed.has(`account:${owner.accountId}`)) resolve()
      }),
    )
    await requireFactor(t, owner.accessToken)
    await heard
    const { body } = await replica.get('/v1/forward-auth', member.accessToken)
    expect(body.code).toBe('second-factor-required-here')
  })

  test('does not let its members take their last factor away', async () => {
    const { member } = await asked()
    await addTotp(t, member)
    const { body } = await t.call('DELETE', '/v1/me/factors/totp', { as: member.accessToken })
    expect(body).toMatchObject({ code: 'last-second-factor', accounts: [{ id: member.accountId }] })
    expect((await get(member.accessToken)).status).toBe(200)
  })

  test('is reopened by an owner whose session a factor has proved, and by no other', async () => {
    const owner = await registerWithTotp(t, { account_name: 'Engines' })
    const other = await newMember(t, owner, 'owner')
    await requireFactor(t, owner.accessToken)
    await t.call('DELETE', '/v1/accounts/me', { as: owner.accessToken, body: { confirm: 'Engines' } })
    const reopen = (as: string) => t.call('POST', `/v1/accounts/${owner.accountId}/reopen`, { as })
    expect((await reopen(other.accessToken)).body.code).toBe('second-factor-required-here')
    expect((await reopen(owner.accessToken)).status).toBe(200)
  })

  test('is asked for by owners alone, and by those only whose session a factor has proved', async () => {
    const owner = await registerVerified(t)
    const admin = await newMember(t, owner, 'admin')
    await addTotp(t, admin)
    expect((await requireFactor(t, admin.accessToken)).body.code).toBe('forbidden')
    expect((await requireFactor(t, owner.accessToken)).body.code).toBe('second-factor-required-here')
    await addTotp(t, owner)
    expect((await requireFactor(t, owner.accessToken)).status).toBe(200)
    expect((await requireFactor(t, owner.accessToken, false)).body.requires_second_factor).toBe(false)
  })

  test('shows its admins who has one, and nobody else', async () => {
    const { owner, member } = await asked()
    const seen = (await get(owner.accessToken, '/v1/accounts/me/members')).body.data
    const factors = Object.fromEntries(
      seen.map((row: { user_id: string; has_second_factor: boolean }) => [
        row.user_id,
        row.has_second_factor,
      ]),
    )
    expect(factors).toEqual({ [owner.userId]: true, [member.userId]: false })
    await addTotp(t, member)
    const bySelf = (await get(member.accessToken, '/v1/accounts/me/members')).body.data
    expect(bySelf[0]).not.toHaveProperty('has_second_factor')
  })

  test('opens in the running session once a factor is proved there', async () => {
    const owner = await registerWithTotp(t)
    const member = await newMember(t, owner)
    const { secret } = await addTotp(t, member)
    // As a session is that began before there was any factor.
    await t.app.pool.query('update sessions set factor = null, factor_proved_at = null where user_id = $1', [
      member.userId,
    ])
    await requireFactor(t, owner.accessToken)
    expect((await get(member.accessToken)).status).toBe(403)
    t.moveClock(30)
    const body = { code: codeOf(t, secret) }
    const proved = await t.call('POST', '/v1/me/factors/prove', { as: member.accessToken, body })
    expect(proved.body.needs_second_factor).toBe(false)
    expect((await get(member.accessToken)).status).toBe(200)
  })

  test('whoever has lost all factors is let in by whoever runs this, and adds new ones', async () => {
    const { member } = await asked()
    await addTotp(t, member)
    const begun = await firstStep(t, member)
    const reset = async () =>
      t.call('POST', `/v1/operator/users/${member.userId}/reset-factors`, {
        as: await operatorToken(t, 'support'),
        body: { reason: 'Lost the telephone' },
      })
    expect((await reset()).status).toBe(204)
    expect((await reset()).body.code).toBe('not-found')
    expect((await get(member.accessToken, '/v1/me')).body.code).toBe('session-expired')
    const { body } = await signIn(t, member.email)
    expect(body.needs_second_factor).toBe(true)
    expect((await t.mailsTo(member.email)).map(({ subject }) => subject)).toContain(
      'Your second factors at Frontgate were removed',
    )
    const { secret } = await addTotp(t, { accessToken: body.access_token })
    expect((await get(body.access_token)).status).toBe(200)
    const { challenge } = await firstStep(t, member)
    expect((await secondStep(t, challenge, { code: '000000' })).status).toBe(401)
    // What was begun before is over, whatever it is proved with.
    const late = await secondStep(t, begun.challenge, { code: nextCode(t, { secret }) })
    expect(late.body.code).toBe('challenge-over')
    const { rows } = await t.app.pool.query(
      `select actor_kind, details from audit_log where action = 'factors.reset' and user_id = $1`,
      [member.userId],
    )
    expect(rows).toEqual([{ actor_kind: 'operator', details: { reason: 'Lost the telephone' } }])
  })

  test('the same on the command line, for an address', async () => {
    const { email, userId } = await registerWithTotp(t)
    const env = { DATABASE_URL: t.databaseUrl, PUBLIC_URL: 'https://gate.example', SECRET }
    const reset = () => frontgate(['user', 'reset-factors', email, '--reason', 'Showed a passport'], env)
    expect(await reset()).toMatchObject({
      code: 0,
      stdout: 'Reset: they sign in without, and can set up another one.\n',
    })
    expect((await signIn(t, email)).status).toBe(200)
    const { rows } = await t.app.pool.query(
      `select actor_kind, details from audit_log where action = 'factors.reset' and user_id = $1`,
      [userId],
    )
    expect(rows).toEqual([{ actor_kind: 'system', details: { reason: 'Showed a passport' } }])
    expect(await reset()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no second factor'),
    })
  })
})
