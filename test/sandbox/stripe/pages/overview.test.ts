import { expect, test } from 'vitest'
import { Mailbox } from '../../../../sandbox/mailbox/mailbox.ts'
import { stripePage } from '../../../../sandbox/pages/stripePage.ts'
import type { StripeStandIn } from '../../../../sandbox/stripe/engine/createStripe.ts'
import { receive } from '../receive.ts'
import { startStripe } from '../startStripe.ts'
import { startPages } from './startPages.ts'

const poll = { timeout: 10_000, interval: 5 }

test('shows who has subscribed to what, what is open, and what has happened', async () => {
  const { stripe, subscribe, open, sdk } = await startPages()
  expect(pageOf(stripe)).toContain('Nobody has subscribed yet.')
  const { customer, subscription } = await subscribe()
  await sdk.customers.update(customer, { name: '<b>Ada</b>' })
  await sdk.subscriptions.update(subscription, { cancel_at_period_end: true })
  const { path } = await open()
  const page = pageOf(stripe)
  expect(page).toContain('&lt;b&gt;Ada&lt;/b&gt;')
  expect(page).toMatch(/badge active">active/)
  expect(page).toMatch(/Pro · 1 seat · since .* · ends /)
  expect(page).toContain(`href="${path}"`)
  expect(page).toContain('checkout.session.completed')
  expect(page).toMatch(/live subscriptions<\/dt><dd>1</)
})

test('shows of each event whether the service has taken it', async () => {
  const to = await receive()
  const { sdk, stripe } = await startStripe({ webhook: to.webhook, retryAfterMs: [3_600_000] })
  await sdk.customers.create()
  await stripe.deliveries.settle(AbortSignal.timeout(10_000))
  expect(pageOf(stripe)).toContain('badge taken">taken')
  stripe.deliveries.change({ hold: true })
  await sdk.customers.create()
  expect(pageOf(stripe)).toContain('badge waits">held')
  stripe.deliveries.change({ hold: false, drop: 1 })
  await sdk.customers.create()
  expect(pageOf(stripe)).toContain('badge failed">not delivered')
  stripe.deliveries.change({ drop: 0 })
  to.status = 503
  await sdk.customers.create()
  await expect.poll(() => pageOf(stripe), poll).toContain('refused 1×, tried again')
})

function pageOf(stripe: StripeStandIn): string {
  return stripePage({ stripe, mailbox: new Mailbox(), serviceUrl: 'http://localhost:4000' })
}
