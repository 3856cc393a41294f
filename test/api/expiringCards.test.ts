import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { warnOfExpiringCards } from '../../src/billing/dunning/warnOfExpiringCards.ts'
import { type MirroredFields, mirrored } from '../support/mirrored.ts'
import { type Person, register } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

/** Moves the clock to an instant that is named; tests here name them one after another. */
async function passTimeTo(instant: string): Promise<void> {
  await t.advance((Date.parse(instant) - t.app.now().getTime()) / 1000)
}

const card = (expMonth: number, expYear: number, last4 = '4242', brand = 'visa') => ({
  brand,
  last4,
  expMonth,
  expYear,
})

async function payer(fields: MirroredFields): Promise<Person & { subscription: string }> {
  const person = await register(t)
  const { id } = await mirrored(t, person.accountId, fields)
  return { ...person, subscription: id }
}

/** What somebody was told of their card, the oldest first. */
async function warnings({ email }: Person): Promise<string[]> {
  const mails = await t.mailsTo(email)
  const told = mails.filter(({ subject }) => subject === 'The card for Frontgate expires soon')
  return told
    .map(({ text }) => /The .* card ending in \d+|the end of \w+ \d+/g.exec(text)?.[0] ?? '')
    .reverse()
}

describe('owners are told of a card that expires', () => {
  test('from the first moment of its last month, once, with the card’s name and where to enter another', async () => {
    const person = await payer({
      card: card(3, 2031, '4444', 'mastercard'),
      current_period_end: '2031-12-01T00:00:00Z',
    })
    await passTimeTo('2031-02-28T23:59:59Z')
    expect(await warnings(person)).toEqual([])
    await passTimeTo('2031-03-01T00:00:00Z')
    expect(await warnings(person)).toEqual(['The Mastercard card ending in 4444'])
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.text).toContain('expires at the end of March 2031')
    expect(mail?.links).toEqual(['http://localhost:4000/billing'])
    await passTimeTo('2031-03-31T23:59:59Z')
    expect(await warnings(person)).toHaveLength(1)
    await passTimeTo('2031-05-01T00:00:00Z')
    expect(await warnings(person)).toHaveLength(1)
  })

  test('earlier where the next renewal needs it', async () => {
    const person = await payer({ card: card(2, 2032), current_period_end: '2032-03-01T00:00:00Z' })
    const inTime = await payer({ card: card(2, 2032), current_period_end: '2032-02-29T23:59:59Z' })
    await passTimeTo('2032-01-30T23:59:59Z')
    expect(await warnings(person)).toEqual([])
    await passTimeTo('2032-01-31T00:00:00Z')
    expect(await warnings(person)).toHaveLength(1)
    expect(await warnings(inTime)).toEqual([])
    await passTimeTo('2032-02-01T00:00:00Z')
    expect(await warnings(person)).toHaveLength(1)
    expect(await warnings(inTime)).toHaveLength(1)
  })

  test('each owner, and nobody else; once in two processes', async () => {
    const [first, second, admin] = [
      await payer({ card: card(3, 2032) }),
      await register(t),
      await register(t),
    ]
    await t.app.pool.query(
      `insert into members (account_id, user_id, role, created_at) values ($1, $2, 'owner', $4), ($1, $3, 'admin', $4)`,
      [first.accountId, second.userId, admin.userId, t.app.now()],
    )
    await passTimeTo('2032-03-15T00:00:00Z')
    const other = await startReplica(t)
    const at = t.app.now()
    await Promise.all([warnOfExpiringCards(t.app, at), warnOfExpiringCards(other.app, at)])
    expect(await warnings(first)).toHaveLength(1)
    expect(await warnings(second)).toHaveLength(1)
    expect(await warnings(admin)).toEqual([])
  })

  test('of another card when that expires in its turn', async () => {
    const person = await payer({ card: card(4, 2032) })
    await passTimeTo('2032-04-10T00:00:00Z')
    await t.app.pool.query('update subscriptions set card = $2 where stripe_subscription_id = $1', [
      person.subscription,
      JSON.stringify(card(6, 2032, '0005', 'amex')),
    ])
    await passTimeTo('2032-05-10T00:00:00Z')
    expect(await warnings(person)).toHaveLength(1)
    await passTimeTo('2032-06-10T00:00:00Z')
    expect(await warnings(person)).toEqual([
      'The Visa card ending in 4242',
      'The American Express card ending in 0005',
    ])
  })

  test('of a brand nobody has heard of', async () => {
    const person = await payer({ card: card(7, 2032, '1111', 'unknown') })
    await passTimeTo('2032-07-10T00:00:00Z')
    expect(await warnings(person)).toEqual(['The Payment card ending in 1111'])
  })
})

describe('nobody is told where it does not matter', () => {
  const cases: [string, MirroredFields, boolean][] = [
    ['a failed charge', { status: 'past_due' }, true],
    ['a trial that will be paid', { status: 'trialing' }, true],
    ['over', { status: 'canceled' }, false],
    ['never begun', { status: 'incomplete' }, false],
    ['set to end with the period', { cancel_at_period_end: true }, false],
    [
      'set to end by the portal',
      { cancel_at: '2032-08-20T00:00:00Z', current_period_end: '2032-08-20T00:00:00Z' },
      false,
    ],
    ['set to end after some more charges', { cancel_at: '2040-01-01T00:00:00Z' }, true],
    ['a card that is good', { card: card(9, 2032) }, false],
    ['a card that has expired', { card: card(7, 2032) }, false],
    ['no card', { card: null }, false],
  ]
  test.each(cases)('%s: told is %o', async (_name, fields, told) => {
    await passTimeTo('2032-08-01T00:00:00Z')
    const person = await payer({ card: card(8, 2032), ...fields })
    await t.advance(0)
    expect(await warnings(person)).toHaveLength(told ? 1 : 0)
  })

  test('an account that is closed', async () => {
    const person = await payer({ card: card(8, 2032) })
    await t.app.db
      .updateTable('accounts')
      .set({ closed_at: t.app.now() })
      .where('id', '=', person.accountId)
      .execute()
    await t.advance(DAY_SECONDS)
    expect(await warnings(person)).toEqual([])
  })
})
