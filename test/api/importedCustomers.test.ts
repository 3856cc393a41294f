import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { expect, onTestFinished, test } from 'vitest'
import { importFile } from '../../src/imports/importFile.ts'
import type { Refusal } from '../../src/imports/rules.ts'
import { signIn } from '../support/people.ts'
import {
  STRIPE_KEY,
  STRIPE_SIGNING_SECRET,
  type StripeApp,
  startStripeAppWith,
} from '../support/stripeApp.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

/** Whose password `abc` is, by jBCrypt. */
const ABC = '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'

async function follow(t: TestApp, lines: object[]) {
  const folder = await mkdtemp(join(tmpdir(), 'frontgate-import-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'users.jsonl')
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  const refused: Refusal[] = []
  const tally = await importFile(t.app, file, { onRefused: (some) => refused.push(...some) })
  return { tally, reasons: refused.map(({ reason }) => reason) }
}

/** Somebody who has paid since before Frontgate was there: Stripe knows them, and nobody here does. */
async function paying(t: StripeApp, email: string, price = 'frontgate_pro_month'): Promise<string> {
  const { id } = await t.sdk.customers.create({ email })
  const { data } = await t.sdk.prices.list({ lookup_keys: [price] })
  const card = await t.sdk.paymentMethods.attach('pm_card_visa', { customer: id })
  await t.sdk.subscriptions.create({
    customer: id,
    items: [{ price: data[0]?.id ?? '', quantity: 1 }],
    default_payment_method: card.id,
  })
  return id
}

const people = (customer: string) => [
  { type: 'account', id: 'acc_1', name: 'Acme' },
  { type: 'account', id: 'acc_2', name: 'Other' },
  {
    type: 'user',
    id: 'ada',
    email: 'ada@company.example',
    email_verified: true,
    password_hash: ABC,
    members: [{ account: 'acc_1', role: 'owner' }],
  },
  { type: 'subscription', account: 'acc_1', stripe_customer_id: customer },
]

async function stateOf(t: StripeApp) {
  const { body } = await signIn(t, 'ada@company.example', 'abc')
  return (await t.call('GET', '/v1/billing/state', { as: body.access_token })).body
}

test('an imported account has what Stripe says that its customer pays for, and follows it from then on', async () => {
  const t = await startStripeAppWith()
  const customer = await paying(t, 'ada@company.example')
  expect((await follow(t, people(customer))).tally.subscription).toMatchObject({ imported: 1 })
  await t.flush()
  expect(await stateOf(t)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })

  const { data } = await t.sdk.subscriptions.list({ customer })
  await t.sdk.subscriptions.cancel(data[0]?.id ?? '')
  await t.flush()
  expect(await stateOf(t)).toMatchObject({ plan: 'free' })
})

test('a customer is that of one account, and an account has one', async () => {
  const t = await startStripeAppWith()
  const [customer, other] = [await paying(t, 'ada@company.example'), await paying(t, 'bob@company.example')]
  await follow(t, people(customer))
  const { reasons } = await follow(t, [
    { type: 'subscription', account: 'acc_2', stripe_customer_id: customer },
    { type: 'subscription', account: 'acc_1', stripe_customer_id: other },
    { type: 'subscription', account: 'acc_9', stripe_customer_id: other },
  ])
  expect(reasons).toEqual([
    'another account has this customer of Stripe here',
    'the account has another customer of Stripe here',
    'no line before it makes the account acc_9',
  ])
  expect((await follow(t, people(customer))).tally.subscription).toMatchObject({ unchanged: 1 })
})

test('a customer that was deleted at Stripe is nobody’s', async () => {
  const t = await startStripeAppWith()
  const customer = await paying(t, 'ada@company.example')
  await follow(t, people(customer))
  await t.sdk.customers.del(customer)
  await t.flush()
  const lines = ['acc_1', 'acc_2'].map((account) => ({
    type: 'subscription',
    account,
    stripe_customer_id: customer,
  }))
  await t.app.pool.query(`delete from imported where kind = 'subscription'`)
  expect((await follow(t, lines)).reasons).toEqual([
    'that customer was deleted at Stripe',
    'that customer was deleted at Stripe',
  ])
})

test('who comes by a file to an account that pays by the seat is paid for', async () => {
  const t = await startStripeAppWith()
  const customer = await paying(t, 'ada@company.example', 'frontgate_team_month')
  await follow(t, people(customer))
  await t.flush()
  await follow(t, [
    {
      type: 'user',
      id: 'bob',
      email: 'bob@company.example',
      members: [{ account: 'acc_1', role: 'viewer' }],
    },
    {
      type: 'user',
      id: 'eve',
      email: 'eve@company.example',
      members: [{ account: 'acc_1', role: 'viewer' }],
    },
  ])
  await t.flush()
  const { data } = await t.sdk.subscriptions.list({ customer })
  expect(data[0]?.items.data[0]?.quantity).toBe(3)
})

test('looks at customers that were imported wait behind what events of Stripe promise, of the same customer too', async () => {
  const settings = { STRIPE_SECRET_KEY: STRIPE_KEY, STRIPE_WEBHOOK_SECRET: STRIPE_SIGNING_SECRET }
  const t = await startTestApp(settings, { work: false })
  onTestFinished(t.close)
  await follow(t, people('cus_1'))
  const payload = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'invoice.paid',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: 'in_1', object: 'invoice', customer: 'cus_1' } },
  })
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: STRIPE_SIGNING_SECRET })
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
  expect((await t.call('POST', '/v1/webhooks/stripe', { body: payload, headers })).status).toBe(200)
  const { rows } = await t.app.pool.query(
    `select task_identifier as job, key from graphile_worker.jobs where key like '%cus_1' order by priority`,
  )
  expect(rows).toEqual([
    { job: 'billing.project', key: 'project cus_1' },
    { job: 'billing.project-imported', key: 'project-imported cus_1' },
  ])
})

test('a customer that Stripe does not know gives nothing', async () => {
  const t = await startStripeAppWith()
  await follow(t, people('cus_nobody'))
  await t.flush()
  expect(await stateOf(t)).toMatchObject({ plan: 'free' })
})
