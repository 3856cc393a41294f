import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { type CatalogueFile, readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { bill, buyer, freshToken, subscriptionOf } from '../support/buyers.ts'
import { mirrored } from '../support/mirrored.ts'
import { type Person, registerVerified } from '../support/people.ts'
import { endGrant, giveGrant, setOverride } from '../support/staff.ts'
import { startStripeAppWith } from '../support/stripeApp.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { again, check, consume, moveTo, newKey, release, standing } from '../support/usage.ts'

let t: TestApp
let shipped: CatalogueFile
beforeAll(async () => {
  t = await startTestApp({ TRIAL_DAYS: '0' })
  shipped = await readCatalogueFile(t.app.config.catalogueFile)
})
afterAll(() => t.close())

/** Has every plan count a limit by something else. */
async function countBy(app: TestApp, name: string, per: 'month' | 'billing_month' | null): Promise<void> {
  const plans = shipped.plans.map((plan) => {
    const limit = plan.limits[name] ?? null
    const amount = typeof limit === 'object' && limit !== null ? limit.amount : limit
    return { ...plan, limits: { ...plan.limits, [name]: per ? { per, amount } : amount } }
  })
  await inTx(app.app, (tx) => applyCatalogue(tx, { ...shipped, plans }, app.app.now()))
}

/** The next time that it is this day of this month, at noon. */
function next(month: number, day: number): Date {
  const at = t.app.now()
  const inYear = (year: number) => new Date(Date.UTC(year, month - 1, day, 12))
  const thisYear = inYear(at.getUTCFullYear())
  return thisYear > at ? thisYear : inYear(at.getUTCFullYear() + 1)
}

/** How somebody stands with conversions, with a token of the moved clock. */
async function conversions(person: Person) {
  const { used, limit, resets_at } = await standing(t, await again(t, person), 'kb_conversions')
  return { used, limit, resets_at }
}
const onPro = async () => {
  const person = await registerVerified(t)
  const grant = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'pro' })
  return { person, grant }
}
const millisecondBefore = (instant: Date) => new Date(instant.getTime() - 1)

describe('by the calendar', () => {
  test('what was used counts until the month is over, and nothing of it afterwards', async () => {
    const { person } = await onPro()
    const key = newKey()
    await consume(t, person, 'kb_conversions', 50, key)
    const { resets_at } = await conversions(person)
    const end = new Date(resets_at)
    expect(end.toISOString()).toMatch(/-01T00:00:00.000Z$/)
    await moveTo(t, millisecondBefore(end))
    expect((await consume(t, await again(t, person), 'kb_conversions', 1)).status).toBe(402)
    await moveTo(t, end)
    const later = await again(t, person)
    expect((await consume(t, later, 'kb_conversions', 3)).body).toMatchObject({ used: 3, remaining: 47 })
    const { body } = await t.call('GET', '/v1/billing/state', { as: later.accessToken })
    expect(body.usage.kb_conversions).toMatchObject({ used: 3, limit: 50 })

    // What belongs to the month before goes back there, and its key counts in this one from now on.
    expect((await release(t, later, 'kb_conversions', 50, key)).body).toMatchObject({ used: 3 })
    const { rows } = await t.app.pool.query(
      'select used from usage where account_id = $1 order by period_start',
      [person.accountId],
    )
    expect(rows).toEqual([{ used: 0 }, { used: 3 }])
    const { body: retried } = await consume(t, later, 'kb_conversions', 50, key)
    expect(retried).toMatchObject({ code: 'limit-reached', used: 3 })
  })
})

describe('by months of billing', () => {
  test('from the 31st: the last day of shorter months, and the 31st again', async () => {
    await countBy(t, 'kb_conversions', 'billing_month')
    await moveTo(t, next(1, 31))
    const year = t.app.now().getUTCFullYear()
    const { person } = await onPro()
    const { body: plans } = await t.call('GET', '/v1/plans')
    expect(plans.data[1].limits.kb_conversions).toEqual({ per: 'billing_month', amount: 50 })
    const ends = [
      [2, 0],
      [3, 31],
      [4, 30],
      [5, 31],
    ].map(([month = 0, day = 0]) =>
      // Day 0 is the last one of the month before, here of February.
      day === 0 ? new Date(Date.UTC(year, month, 0, 12)) : new Date(Date.UTC(year, month - 1, day, 12)),
    )
    await consume(t, person, 'kb_conversions', 50)
    for (const end of ends) {
      expect(await conversions(person)).toEqual({ used: 50, limit: 50, resets_at: end.toISOString() })
      await moveTo(t, millisecondBefore(end))
      expect((await check(t, await again(t, person), { limit: 'kb_conversions' })).body.allowed).toBe(false)
      await moveTo(t, end)
      expect(await conversions(person)).toMatchObject({ used: 0 })
      await consume(t, await again(t, person), 'kb_conversions', 50)
    }
  })

  test('without a grant by the calendar, and what was counted there is still known after a grant', async () => {
    await countBy(t, 'kb_conversions', 'billing_month')
    await moveTo(t, next(6, 10))
    const person = await registerVerified(t)
    await setOverride(t, person.accountId, 'limits/kb_conversions', 9)
    await consume(t, person, 'kb_conversions', 4)
    const year = t.app.now().getUTCFullYear()
    const july = new Date(Date.UTC(year, 6, 1)).toISOString()
    expect(await conversions(person)).toEqual({ used: 4, limit: 9, resets_at: july })
    await moveTo(t, next(6, 15))
    const grant = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'pro' })
    await consume(t, await again(t, person), 'kb_conversions', 2)
    const fifteenth = new Date(Date.UTC(year, 6, 15, 12)).toISOString()
    expect(await conversions(person)).toEqual({ used: 2, limit: 9, resets_at: fifteenth })
    await moveTo(t, next(6, 20))
    await endGrant(t, grant)
    expect(await conversions(person)).toEqual({ used: 4, limit: 9, resets_at: july })
  })

  test('of a subscription: from where Stripe counts, or from its period where that is not known yet', async () => {
    await countBy(t, 'kb_conversions', 'billing_month')
    await moveTo(t, next(8, 20))
    const person = await registerVerified(t)
    const { id } = await mirrored(t, person.accountId)
    const day = (count: number) => new Date(t.app.now().getTime() + count * 86_400_000)
    await t.app.pool.query(
      `insert into grants (id, account_id, source, plan, from_at, until_at, reason, granted_by, created_at, stripe_subscription_id)
       values (gen_random_uuid(), $1, 'stripe', 'pro', $2, $3, 'subscription', 'stripe', $2, $4)`,
      [person.accountId, day(-200), day(200), id],
    )
    const year = t.app.now().getUTCFullYear()
    const resets = async () => (await conversions(person)).resets_at
    // The period of the mirror began on the 10th.
    expect(await resets()).toBe(new Date(Date.UTC(year, 8, 10, 12)).toISOString())
    const anchored = 'update subscriptions set billing_anchor = $2 where stripe_subscription_id = $1'
    await t.app.pool.query(anchored, [id, new Date(Date.UTC(year, 11, 31, 6))])
    expect(await resets()).toBe(new Date(Date.UTC(year, 7, 31, 6)).toISOString())
  })

  test('who changes from the month to the year still has their quota each month', async () => {
    const own = await startStripeAppWith()
    await countBy(own, 'kb_conversions', 'billing_month')
    const person = await buyer(own)
    const stands = async () => standing(own, { accessToken: await freshToken(own, person) }, 'kb_conversions')
    await consume(own, person, 'kb_conversions', 50)
    const anchorOf = async () => new Date((await subscriptionOf(own, person)).billing_cycle_anchor * 1000)
    const monthAfter = (anchor: Date) => {
      const end = new Date(anchor)
      const lastDay = new Date(Date.UTC(anchor.getUTCFullYear(), anchor.getUTCMonth() + 2, 0)).getUTCDate()
      end.setUTCMonth(anchor.getUTCMonth() + 1, Math.min(anchor.getUTCDate(), lastDay))
      return end.toISOString()
    }
    const resetsAt = monthAfter(await anchorOf())
    expect(await stands()).toMatchObject({ used: 50, resets_at: resetsAt })
    await own.advance(3 * 86_400)
    await bill(own, person, 'subscription/change', { plan: 'pro', interval: 'year' })
    // The anchor stays where it was, so the change brings no second quota for the same month.
    expect(await stands()).toMatchObject({ used: 50, resets_at: resetsAt })
    await own.advance((new Date(resetsAt).getTime() - own.app.now().getTime()) / 1000)
    expect(await stands()).toMatchObject({ used: 0, limit: 50 })
    const { body } = await own.call('GET', '/v1/billing/state', { as: await freshToken(own, person) })
    expect(body.subscription.interval).toBe('year')
    const { current_period_end: paidUntil } = body.subscription
    expect(new Date(paidUntil) > new Date(body.usage.kb_conversions.resets_at)).toBe(true)
  })
})

describe('levels', () => {
  test('have no periods: what was used stays used', async () => {
    const { person } = await onPro()
    await consume(t, person, 'trees', 60)
    await moveTo(t, new Date(t.app.now().getTime() + 70 * 86_400_000))
    const later = await again(t, person)
    expect(await standing(t, later, 'trees')).toMatchObject({ used: 60, resets_at: null })
    expect((await consume(t, later, 'trees', 41)).status).toBe(402)
  })

  test('that become a rate begin at nothing, and are what they were when they become a level again', async () => {
    const { person } = await onPro()
    const trees = async () => (await standing(t, await again(t, person), 'trees')).used
    const key = newKey()
    await consume(t, person, 'trees', 60, key)
    await countBy(t, 'trees', 'month')
    expect(await trees()).toBe(0)
    await consume(t, await again(t, person), 'trees', 7)
    await release(t, await again(t, person), 'trees', 60, key)
    expect(await trees()).toBe(7)
    await countBy(t, 'trees', null)
    expect(await trees()).toBe(0)
  })
})
