import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remindOfFirstPayment } from '../../src/billing/dunning/remindOfFirstPayment.ts'
import { type MirroredFields, mirrored } from '../support/mirrored.ts'
import { type Person, register, registerVerified } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { DAY_SECONDS, instant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const IN_THREE_DAYS = 'Your Pro plan begins in 3 days'
const TOMORROW = 'Your Pro plan begins tomorrow'
const LOCAL_TRIAL_ENDS = 'Your Frontgate trial ends in 3 days'

/** The subjects of what somebody was reminded of, the oldest first. */
async function reminders({ email }: Pick<Person, 'email'>): Promise<string[]> {
  const subjects = (await t.mailsTo(email)).map(({ subject }) => subject)
  return subjects.filter((subject) => /plan begins|trial ends/.test(subject)).reverse()
}

/** Subscribes somebody so that their first payment is due when the trial without a card would have ended. */
async function subscribe({ accountId }: Person, fields: MirroredFields = {}): Promise<string> {
  const end = instant(t, 14 * DAY_SECONDS)
  const trialing = { status: 'trialing', trial_end: end, current_period_end: end }
  const { id } = await mirrored(t, accountId, { ...trialing, ...fields })
  return id
}

/** What the mirror gives besides: access until a little after the period. */
async function grantOf(person: Person, subscription: string, until: string): Promise<void> {
  await t.app.pool.query(
    `insert into grants (id, account_id, source, plan, from_at, until_at, reason, granted_by, created_at, stripe_subscription_id)
     values (gen_random_uuid(), $1, 'stripe', 'pro', $2, $3, 'subscription', 'stripe', $2, $4)`,
    [person.accountId, t.app.now(), until, subscription],
  )
}

async function withoutTrial(): Promise<Person> {
  const person = await registerVerified(t, { account_name: 'Engines' })
  await t.app.pool.query('delete from grants where account_id = $1', [person.accountId])
  return person
}

describe('owners are told three days and one day before the first payment', () => {
  test('not a moment earlier, and once each; the trial without a card says nothing beside it', async () => {
    const person = await registerVerified(t)
    const subscription = await subscribe(person)
    await grantOf(person, subscription, instant(t, 15 * DAY_SECONDS))
    await t.advance(11 * DAY_SECONDS - 1)
    expect(await reminders(person)).toEqual([])
    await t.advance(1)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    await t.advance(2 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, TOMORROW])
    await t.advance(2 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, TOMORROW])
  })

  test('the mail says which plan and when, and leads to where one may cancel', async () => {
    const person = await withoutTrial()
    await subscribe(person)
    const end = new Date(instant(t, 14 * DAY_SECONDS)).toUTCString()
    await t.advance(11 * DAY_SECONDS)
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.text).toContain(`ends on ${end}`)
    expect(mail?.text).toContain('You have chosen Pro already')
    expect(mail?.links).toEqual(['http://localhost:4000/billing'])
  })

  test('each owner, and nobody else', async () => {
    const [first, second, admin] = [await withoutTrial(), await withoutTrial(), await withoutTrial()]
    await subscribe(first)
    await t.app.pool.query(
      `insert into members (account_id, user_id, role, created_at) values ($1, $2, 'owner', $4), ($1, $3, 'admin', $4)`,
      [first.accountId, second.userId, admin.userId, t.app.now()],
    )
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(first)).toEqual([IN_THREE_DAYS])
    expect(await reminders(second)).toEqual([IN_THREE_DAYS])
    expect(await reminders(admin)).toEqual([])
  })

  test('once, however often and wherever the sweep runs', async () => {
    const person = await withoutTrial()
    await subscribe(person)
    const other = await startReplica(t)
    await t.advance(11 * DAY_SECONDS)
    const at = t.app.now()
    await Promise.all([remindOfFirstPayment(t.app, at), remindOfFirstPayment(other.app, at)])
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
  })

  test('anew when the trial is extended at Stripe', async () => {
    const person = await withoutTrial()
    const id = await subscribe(person)
    await t.advance(11 * DAY_SECONDS)
    const later = instant(t, 13 * DAY_SECONDS)
    await t.app.pool.query('update subscriptions set trial_end = $2 where stripe_subscription_id = $1', [
      id,
      later,
    ])
    await t.advance(9 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    await t.advance(DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS, IN_THREE_DAYS])
  })

  test('of a plan that is none of ours, without its name', async () => {
    const person = await withoutTrial()
    await subscribe(person, { plan: null })
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(person)).toEqual(['Your new plan begins in 3 days'])
  })

  test('somebody who has not proved to own the mailbox is not called by name', async () => {
    const person = await register(t, { name: 'Win a prize' })
    await t.app.pool.query('delete from grants where account_id = $1', [person.accountId])
    await subscribe(person)
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([IN_THREE_DAYS])
    expect(JSON.stringify(await t.mailsTo(person.email))).not.toContain('prize')
  })
})

describe('nobody is told of a payment that is not to come', () => {
  const cases: [string, (end: string) => MirroredFields, string[]][] = [
    ['set to end with the trial', (end) => ({ cancel_at_period_end: true, cancel_at: end }), []],
    ['set to end with the trial by the portal', (end) => ({ cancel_at: end }), []],
    ['set to end before that', () => ({ cancel_at: instant(t, DAY_SECONDS) }), []],
    ['set to end long after', () => ({ cancel_at: instant(t, 90 * DAY_SECONDS) }), [IN_THREE_DAYS]],
    ['active already', () => ({ status: 'active' }), []],
    ['canceled', () => ({ status: 'canceled' }), []],
  ]
  test.each(cases)('%s', async (_name, fields, told) => {
    const person = await withoutTrial()
    await subscribe(person, fields(instant(t, 14 * DAY_SECONDS)))
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(person)).toEqual(told)
  })

  test('a trial that was bought shorter than the notice is not announced when it begins', async () => {
    const person = await withoutTrial()
    await subscribe(person, { trial_end: instant(t, 2 * DAY_SECONDS) })
    await t.advance(60)
    expect(await reminders(person)).toEqual([])
    await t.advance(DAY_SECONDS)
    expect(await reminders(person)).toEqual([TOMORROW])
  })

  test('who ends the subscription with the trial is told that the trial ends', async () => {
    const person = await registerVerified(t)
    const end = instant(t, 14 * DAY_SECONDS)
    const subscription = await subscribe(person, { cancel_at_period_end: true, cancel_at: end })
    await grantOf(person, subscription, end)
    await t.advance(11 * DAY_SECONDS)
    expect(await reminders(person)).toEqual([LOCAL_TRIAL_ENDS])
  })
})
