import { describe, expect, test } from 'vitest'
import { followMode } from '../../src/billing/followMode.ts'
import { bringPrices } from '../../src/billing/prices/applyPrices.ts'
import { buyer, checkout, registerWithoutTrial, stateOf } from '../support/buyers.ts'
import { inInbox } from '../support/inbox.ts'
import { startReplica } from '../support/replica.ts'
import { type StripeApp, startStripeAppWith } from '../support/stripeApp.ts'

/** The same installation, started again with a key of that mode. */
async function startedWith(t: StripeApp, key: string) {
  const { app } = await startReplica(t, { STRIPE_SECRET_KEY: key })
  return followMode(app)
}

describe('with the first live key', () => {
  test('what was bought in test mode ends, for those who bought and those who were about to', async () => {
    const t = await startStripeAppWith()
    const [paid, looking] = [await buyer(t, { interval: 'year' }), await registerWithoutTrial(t)]
    await checkout(t, looking)
    await followMode(t.app)
    expect(await stateOf(t, paid)).toMatchObject({ plan: 'pro', reason: 'stripe' })

    await startedWith(t, 'sk_live_1')
    await expect
      .poll(() => stateOf(t, paid))
      .toMatchObject({ plan: 'free', subscription: { interval: null } })
    const { rows } = await t.app.pool.query(
      `select (select count(*) from stripe_customers where deleted_at is null) as customers,
        (select count(*) from stripe_prices where retired_at is null) as prices,
        (select count(*) from checkout_sessions where status = 'open') as pages,
        (select count(*) from subscriptions) as subscriptions`,
    )
    expect(rows).toEqual([{ customers: 0, prices: 0, pages: 0, subscriptions: 0 }])
  })

  test('events that wait are nobody’s to follow', async () => {
    const t = await startStripeAppWith()
    await followMode(t.app)
    const [waiting, parked] = [await inInbox(t, { status: 'received' }), await inInbox(t)]
    await startedWith(t, 'sk_live_1')
    const { rows } = await t.app.pool.query('select status, reason from stripe_events where id = any($1)', [
      [waiting, parked],
    ])
    expect(rows).toEqual([
      { status: 'ignored', reason: 'other-mode' },
      { status: 'ignored', reason: 'other-mode' },
    ])
  })

  test('a process that still has the test key sells nothing', async () => {
    const t = await startStripeAppWith()
    await followMode(t.app)
    const person = await registerWithoutTrial(t)
    await startedWith(t, 'sk_live_1')
    await bringPrices(t.app)
    const reply = await checkout(t, person)
    expect(reply.body).toMatchObject({
      code: 'stripe-unavailable',
      detail: expect.stringContaining('exchanged'),
    })
    expect((await t.app.pool.query('select from stripe_customers')).rows).toEqual([])
  })

  test('a look with the test key that comes late brings nothing back', async () => {
    const t = await startStripeAppWith()
    const paid = await buyer(t)
    await followMode(t.app)
    await startedWith(t, 'sk_live_1')
    const { projectCustomer } = await import('../../src/billing/projection/projectCustomer.ts')
    const { rows } = await t.app.pool.query('select stripe_customer_id as id from stripe_customers')
    expect(await projectCustomer(t.app, rows[0].id, 'job')).toMatchObject({ kind: 'stale' })
    await expect.poll(() => stateOf(t, paid)).toMatchObject({ plan: 'free' })
  })

  test('several processes that start at once agree', async () => {
    const t = await startStripeAppWith()
    await buyer(t)
    await followMode(t.app)
    await Promise.all(['sk_live_1', 'sk_live_1', 'sk_live_1'].map((key) => startedWith(t, key)))
    const { rows } = await t.app.pool.query(`select from audit_log where action = 'stripe.live-mode-begun'`)
    expect(rows).toHaveLength(1)
  })
})

test('a test key is refused where live mode is followed: it would end what people pay for', async () => {
  const t = await startStripeAppWith({}, { prices: false })
  await startedWith(t, 'sk_live_1')
  await expect(startedWith(t, 'sk_test_1')).rejects.toThrow(/test key.*live mode/)
  await startedWith(t, 'sk_live_2')
})
