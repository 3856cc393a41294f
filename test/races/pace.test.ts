import { expect, test } from 'vitest'
import { projectCustomer } from '../../src/billing/projection/projectCustomer.ts'
import { bill, buyer, stateOf, subscriptionOf } from '../support/buyers.ts'
import { register } from '../support/people.ts'
import { startStripeAppWith } from '../support/stripeApp.ts'

test('one caller’s flood keeps nobody else’s changes waiting for minutes, and no mail at all', async () => {
  const t = await startStripeAppWith({ STRIPE_READS_PER_SECOND: '3' })
  const [noisy, other] = [await buyer(t), await buyer(t)]
  const { id } = await subscriptionOf(t, noisy)
  const { rows } = await t.app.pool.query(
    'select stripe_session_id as id from checkout_sessions where account_id = $1',
    [noisy.accountId],
  )
  const flood = Promise.all(
    Array.from({ length: 80 }, () =>
      t.call('POST', `/v1/billing/checkout-session/${rows[0].id}/sync`, { as: noisy.accessToken }),
    ),
  )
  // Events of the same burst wait for their turns in the jobs.
  for (let i = 0; i < 5; i++) await t.sdk.subscriptions.update(id, { metadata: { step: String(i) } })
  const refused = (await flood).filter(({ status }) => status !== 200)
  expect(refused.length).toBeGreaterThan(0)
  for (const { body, headers } of refused) {
    expect([body.code, headers['retry-after']]).toEqual(['stripe-unavailable', '5'])
  }
  const { rows: queue } = await t.app.pool.query<{ seconds: number }>(
    'select extract(epoch from next_at - clock_timestamp())::float8 as seconds from stripe_pace',
  )
  // Five seconds for callers, and one turn for each job at work.
  expect(queue[0]?.seconds).toBeLessThan(7)
  const { email } = await register(t)
  expect(await t.mailsTo(email)).toHaveLength(1)
  await t.flush()
  expect((await bill(t, other, 'subscription/cancel')).status).toBe(200)
  expect((await stateOf(t, other)).subscription).toMatchObject({ cancel_at_period_end: true })
})

test('jobs and sweeps wait for their turn, however far it is', async () => {
  const t = await startStripeAppWith()
  const person = await buyer(t)
  const { customer } = await subscriptionOf(t, person)
  const busyFor = (interval: string) =>
    t.app.pool.query('update stripe_pace set next_at = clock_timestamp() + $1::interval', [interval])
  await busyFor('1 hour')
  await expect(projectCustomer(t.app, customer as string, 'caller')).rejects.toMatchObject({
    code: 'stripe-unavailable',
  })
  await busyFor('5.5 seconds')
  expect(await projectCustomer(t.app, customer as string, 'sweep')).toMatchObject({ kind: 'written' })
})
