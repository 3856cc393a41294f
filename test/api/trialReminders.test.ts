import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remindOfTrialEnd } from '../../src/accounts/remindOfTrialEnd.ts'
import { type Person, register, registerVerified } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

/** The subjects of the reminders that somebody has got, the oldest first. */
async function reminders(person: Pick<Person, 'email'>, on = t): Promise<string[]> {
  const mails = await on.mailsTo(person.email)
  return mails
    .map(({ subject }) => subject)
    .filter((subject) => subject.includes('trial'))
    .reverse()
}

const IN_THREE_DAYS = 'Your Frontgate trial ends in 3 days'
const TOMORROW = 'Your Frontgate trial ends tomorrow'

async function addOwner(accountId: string, person: Person, role = 'owner'): Promise<void> {
  await t.app.pool.query(
    'insert into members (account_id, user_id, role, created_at) values ($1, $2, $3, $4)',
    [accountId, person.userId, role, t.app.now()],
  )
}

describe('owners are told three days and one day before the trial ends', () => {
  test('not a moment earlier, and once each', async () => {
    const person = await registerVerified(t, { account_name: 'Engines' })
    await t.advance(11 * DAY_SECONDS - 1)
    expect(await reminders(person)).toEqual([])
    await t.advance(1)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    await t.advance(DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    await t.advance(DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, TOMORROW])
    await t.advance(3 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, TOMORROW])
  })

  test('the mail says which account, which plan and until when, and leads to the page where one pays', async () => {
    const person = await registerVerified(t, { account_name: 'Engines' })
    const end = new Date(t.app.now().getTime() + 14 * DAY_SECONDS * 1000).toUTCString()
    await t.advance(11 * DAY_SECONDS)
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.text).toContain(`Engines is trying Pro until ${end}`)
    expect(mail?.links).toEqual(['http://localhost:4000/billing'])
  })

  test('a mailbox that nobody has proved to own gets no words of whoever registered it', async () => {
    const person = await register(t, { account_name: 'Visit evil.example', name: 'Win a prize' })
    await t.advance(11 * DAY_SECONDS)
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.subject).toBe(IN_THREE_DAYS)
    expect(mail?.text).toContain('Your account is trying Pro')
    expect(JSON.stringify(mail)).not.toMatch(/evil|prize/)
  })

  test('after an outage only of the day that is left', async () => {
    const person = await registerVerified(t)
    await t.advance(13.5 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([TOMORROW])
  })

  test('each owner, and nobody else', async () => {
    const [first, second, admin] = [await register(t), await register(t), await register(t)]
    for (const other of [second, admin]) {
      await t.call('DELETE', '/v1/accounts/me', {
        as: other.accessToken,
        body: { confirm: `${other.email.split('@')[0]}’s account` },
      })
    }
    await addOwner(first.accountId, second)
    await addOwner(first.accountId, admin, 'admin')
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(first)).toEqual([IN_THREE_DAYS])
    expect(await reminders(second)).toEqual([IN_THREE_DAYS])
    expect(await reminders(admin)).toEqual([])
  })
})

describe('the same thing is told once', () => {
  test('however often and wherever the sweep runs', async () => {
    const person = await registerVerified(t)
    await t.advance(11 * DAY_SECONDS)
    const other = await startReplica(t)
    const at = t.app.now()
    await Promise.all([
      remindOfTrialEnd(t.app, at),
      remindOfTrialEnd(other.app, at),
      remindOfTrialEnd(t.app, at),
      remindOfTrialEnd(other.app, at),
    ])
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
  })

  test('in two processes that both find it new', async () => {
    const quiet = await startTestAppWith({}, { work: false })
    const people = [await register(quiet), await register(quiet), await register(quiet)]
    const other = await startReplica(quiet)
    const at = new Date(quiet.app.now().getTime() + 12 * DAY_SECONDS * 1000)
    await Promise.all([remindOfTrialEnd(quiet.app, at), remindOfTrialEnd(other.app, at)])
    const { rows } = await quiet.app.pool.query(
      `select user_id, count(*) from mail_log where template = 'trial-ending' group by user_id order by user_id`,
    )
    expect(rows).toEqual(people.map(({ userId }) => ({ user_id: userId, count: 1 })))
    const { rows: promised } = await quiet.app.pool.query(
      `select count(*) from graphile_worker._private_jobs where payload->>'template' = 'trial-ending'`,
    )
    expect(promised).toEqual([{ count: 3 }])
  })

  test('also when very many are due, to the last millisecond of a second', async () => {
    const crowd = await startTestAppWith({}, { work: false })
    const owner = await register(crowd)
    const until = new Date(Math.floor(crowd.app.now().getTime() / 1000) * 1000 + 999)
    await crowd.app.pool.query(
      `with made as (
         insert into accounts (id, name, created_at)
         select gen_random_uuid(), 'No. ' || n, $1::timestamptz from generate_series(1, 1200) n returning id
       ), owned as (
         insert into members (account_id, user_id, role, created_at) select id, $2, 'owner', $1 from made
       )
       insert into grants (id, account_id, source, plan, from_at, until_at, reason, granted_by, created_at)
       select gen_random_uuid(), id, 'trial', 'pro', $1, $3::timestamptz + interval '14 days', 'Trial', 'registration', $1 from made`,
      [crowd.app.now(), owner.userId, until],
    )
    const at = new Date(until.getTime() + 12 * DAY_SECONDS * 1000)
    await remindOfTrialEnd(crowd.app, at)
    await remindOfTrialEnd(crowd.app, at)
    const { rows } = await crowd.app.pool.query(
      `select count(*) from mail_log where template = 'trial-ending'`,
    )
    expect(rows).toEqual([{ count: 1201 }])
  })
})

describe('a trial that was extended is told of anew', () => {
  test('before its new end, and no more of the old one', async () => {
    const person = await registerVerified(t)
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    await giveGrant(t, person.accountId, {
      source: 'trial',
      plan: 'pro',
      until: instant(t, 13 * DAY_SECONDS),
    })
    await t.advance(9 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    await t.advance(DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, IN_THREE_DAYS])
    await t.advance(2 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, IN_THREE_DAYS, TOMORROW])
  })
})

describe('nobody is told of an end that does not matter', () => {
  const cases: [string, { source: string; plan: string; from?: number; days: number | null }, boolean][] = [
    ['complimentary for good', { source: 'complimentary', plan: 'pro', days: null }, false],
    ['a higher plan that lasts longer', { source: 'override', plan: 'team', days: 15 }, false],
    [
      'a grant that begins when the trial ends',
      { source: 'override', plan: 'pro', from: 14, days: 30 },
      false,
    ],
    ['a grant that begins later', { source: 'override', plan: 'pro', from: 14.1, days: 30 }, true],
    ['a grant that ends with the trial', { source: 'complimentary', plan: 'pro', days: 14 }, true],
    ['a lower plan that lasts longer', { source: 'complimentary', plan: 'free', days: null }, true],
  ]
  test.each(cases)('%s: told is %o', async (_name, { source, plan, from = 0, days }, told) => {
    const person = await registerVerified(t)
    const until = days === null ? null : instant(t, days * DAY_SECONDS)
    await giveGrant(t, person.accountId, { source, plan, from: instant(t, from * DAY_SECONDS), until })
    await t.advance(13 * DAY_SECONDS)
    expect(await reminders(person)).toEqual(told ? [TOMORROW] : [])
  })

  test('a trial that is shorter than the notice is not announced when it begins', async () => {
    const short = await startTestAppWith({ TRIAL_DAYS: '3' })
    const person = await register(short)
    await short.advance(60)
    expect(await reminders(person, short)).toEqual([])
    await short.advance(2 * DAY_SECONDS)
    expect(await reminders(person, short)).toEqual([TOMORROW])
  })
})
