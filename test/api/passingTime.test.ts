import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { dump } from '../support/dump.ts'
import { type Person, register, registerVerified } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'

/** An access token of this moment for a session of long ago, made without touching a row. */
function tokenOfNow(t: TestApp, { accessToken }: Person): Promise<string> {
  const {
    sub = '',
    sid,
    account_id,
    role,
  } = decodeJwt<{ sid: string; account_id: string; role: 'owner' }>(accessToken)
  const verified = { email_verified: true, verification_grace_ends_at: null }
  return t.access.tokens.issue({ sub, sid, account_id, role, ...verified, ent: null }, t.app.now())
}

/** Reads all that a member can read, and returns the plans and the guards' statuses. */
async function readAll(t: TestApp, person: Person) {
  const as = await tokenOfNow(t, person)
  const urls = ['/v1/me', '/v1/accounts', '/v1/accounts/me', '/v1/auth/sessions', '/v1/billing/state']
  for (const url of urls) expect((await t.call('GET', url, { as })).status, url).toBe(200)
  const guarded = await t.call('GET', '/v1/forward-auth?require=plan:pro', { as })
  const { body } = await t.call('GET', '/v1/billing/state', { as })
  return { guard: guarded.status, plan: body.plan, status: body.subscription.status }
}

/** People to whom time will do everything it can do: grace, trial, a grant that ends and one that begins. */
async function cast(t: TestApp) {
  const [unverified, verified, complimentary] = [
    await register(t),
    await registerVerified(t),
    await registerVerified(t),
  ]
  await giveGrant(t, complimentary.accountId, {
    source: 'complimentary',
    plan: 'team',
    from: instant(t, 2 * DAY_SECONDS),
    until: instant(t, 20 * DAY_SECONDS),
  })
  return { unverified, verified, complimentary }
}

test('not one row is changed by the passing of time and by reading', async () => {
  const t = await startTestAppWith({ VERIFICATION_GRACE_DAYS: '7' })
  const { unverified, verified, complimentary } = await cast(t)
  await t.settled()
  const before = await dump(t)
  expect(before.users?.length).toBe(3)
  expect(before.grants?.length).toBe(4)

  // Mails are promised and sent as days go by: those are the only rows that come.
  const { mail_log: mailsBefore, ...rowsBefore } = before
  const seen: Record<string, unknown>[] = []
  for (const days of [3, 4, 7, 6, 9]) {
    await t.advance(days * DAY_SECONDS)
    seen.push({
      unverified: await readAll(t, unverified),
      verified: await readAll(t, verified),
      complimentary: await readAll(t, complimentary),
    })
    const { mail_log: mails = [], ...rows } = await dump(t)
    expect(rows).toEqual(rowsBefore)
    expect(mails).toEqual(expect.arrayContaining(mailsBefore ?? []))
  }
  const trial = { plan: 'pro', status: 'trialing' }
  const over = { plan: 'free', status: 'trial_expired' }
  const team = { guard: 200, plan: 'team', status: 'complimentary' }
  expect(seen).toEqual([
    { unverified: { guard: 200, ...trial }, verified: { guard: 200, ...trial }, complimentary: team },
    { unverified: { guard: 403, ...trial }, verified: { guard: 200, ...trial }, complimentary: team },
    { unverified: { guard: 403, ...over }, verified: { guard: 402, ...over }, complimentary: team },
    {
      unverified: { guard: 403, ...over },
      verified: { guard: 402, ...over },
      complimentary: { guard: 402, ...over },
    },
    {
      unverified: { guard: 403, ...over },
      verified: { guard: 402, ...over },
      complimentary: { guard: 402, ...over },
    },
  ])
})
