import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFacts } from '../../src/access/snapshot.ts'
import { shownStatus } from '../../src/billing/billingState.ts'
import { mirrored } from '../support/mirrored.ts'
import { operatorToken, register } from '../support/people.ts'
import { DAY_SECONDS, endGrant, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

const figures = async (query = '', app = t) =>
  app.call('GET', `/v1/operator/figures?${query}`, { as: await operatorToken(app) })

test('what happened, by the day it happened on', async () => {
  const own = await startTestAppWith({ TRIAL_DAYS: '14' }, { work: false })
  // Away from midnight, whenever this runs.
  own.moveClock(DAY_SECONDS - ((own.app.now().getTime() / 1000) % DAY_SECONDS) + 43_200)
  const buyer = await register(own)
  const looker = await register(own)
  own.moveClock(2 * DAY_SECONDS)
  await register(own)
  await mirrored(own, buyer.accountId)
  await mirrored(own, looker.accountId, { status: 'incomplete_expired' })
  own.moveClock(DAY_SECONDS)
  // More of a trial is no second one, and the end of the first is not its end.
  await giveGrant(own, looker.accountId, {
    source: 'trial',
    plan: 'pro',
    until: instant(own, 30 * DAY_SECONDS),
  })
  await own.app.pool.query(
    `update subscriptions set status = 'canceled', ended_at = $1 where status = 'active'`,
    [own.app.now()],
  )
  await mirrored(own, buyer.accountId, { is_shown: false })
  const early = await figures('', own)
  own.moveClock(14 * DAY_SECONDS)
  const { status, body } = await figures('', own)
  expect(status).toBe(200)
  expect(body.per).toBe('day')
  expect(body.data).toHaveLength(30)
  const day = (ago: number, { data } = body) => {
    const { start, ...counts } = data.at(-1 - ago)
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
  }
  expect(day(17)).toEqual({ sign_ups: 2, trials_started: 2 })
  expect(day(15)).toEqual({ sign_ups: 1, trials_started: 1, subscriptions_started: 1, trials_converted: 1 })
  expect(day(14)).toEqual({ subscriptions_started: 1, subscriptions_ended: 1 })
  expect(day(3)).toEqual({ trials_ended: 1 })
  expect(day(1)).toEqual({ trials_ended: 1 })
  expect(day(0, early.body)).toEqual(day(14))

  const { body: weeks } = await figures('per=week', own)
  const total = (name: string, { data }: { data: Record<string, number>[] }) =>
    data.reduce((sum, row) => sum + (row[name] ?? 0), 0)
  for (const name of ['sign_ups', 'trials_started', 'trials_ended', 'subscriptions_started']) {
    expect(total(name, weeks), name).toBe(total(name, body))
  }
  expect(new Date(weeks.data[0].start).getUTCDay()).toBe(1)
  expect(weeks.data[0].start).toBe(weeks.from)
})

test('how accounts stand: each by the status that it is shown itself, closed ones not at all', async () => {
  const statuses = [null, 'trialing', 'active', 'past_due', 'unpaid', 'canceled', 'a new word of Stripe’s']
  for (const status of statuses) {
    for (const given of ['nothing', 'trial', 'complimentary', 'override']) {
      const { accountId } = await register(t)
      if (status) await mirrored(t, accountId, { status })
      if (given !== 'trial') await t.app.pool.query('delete from grants where account_id = $1', [accountId])
      if (given === 'complimentary' || given === 'override') {
        await giveGrant(t, accountId, { source: given, plan: 'team' })
      }
    }
  }
  const over = await register(t)
  await endGrant(t, await giveGrant(t, over.accountId, { source: 'complimentary', plan: 'team' }))
  const closed = await register(t, { account_name: 'Closed' })
  await t.call('DELETE', '/v1/accounts/me', { as: closed.accessToken, body: { confirm: 'Closed' } })

  const open = await t.app.db.selectFrom('accounts').select('id').where('closed_at', 'is', null).execute()
  const shown = await Promise.all(
    open.map(async ({ id }) => shownStatus(await readFacts(t.app.db, id), t.app.now())),
  )
  const count = (status: string) => shown.filter((one) => one === status).length
  expect((await figures()).body.totals).toEqual({
    accounts: open.length,
    trialing: count('trialing'),
    paying: count('active'),
    complimentary: count('complimentary'),
    past_due: count('past_due'),
  })
  expect(count('trialing')).toBeGreaterThan(4)
})

describe('422', () => {
  test.each([
    ['#/query/until', () => `from=${instant(t)}&until=${instant(t, -1)}`],
    ['#/query/until', () => `from=${instant(t, DAY_SECONDS)}`],
    ['#/query/from', () => 'from=2000-01-01T00:00:00Z'],
    ['#/query/from', () => 'from=yesterday'],
    ['#/query/per', () => 'per=year'],
  ])('%s', async (pointer, query) => {
    const { status, body } = await figures(query())
    expect(status).toBe(422)
    expect(body.errors).toMatchObject([{ pointer }])
  })
})

test('who looks is in the trail', async () => {
  await figures()
  const { rows } = await t.app.pool.query(
    `select actor_kind from audit_log where action = 'operator.read-figures' limit 1`,
  )
  expect(rows).toEqual([{ actor_kind: 'operator' }])
})
