import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bringJobsForward } from '../../sandbox/settle.ts'
import { projectCustomer } from '../../src/billing/projection/projectCustomer.ts'
import { followSeats } from '../../src/billing/seats/followSeats.ts'
import { SEATS_ANSWER_WITHIN_MS } from '../../src/billing/subscription/withOperation.ts'
import { startWorker } from '../../src/worker.ts'
import {
  bill,
  buyer,
  checkout,
  pay,
  registerWithoutTrial,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import { accept, invited, newMember, registerInvited } from '../support/invites.ts'
import { newAddress, PASSWORD, type Person, personFrom, registerVerified } from '../support/people.ts'
import { type Replica, startReplica } from '../support/replica.ts'
import { STRIPE_KEY, type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const TOGETHER_SECONDS = 20
const secondsSince = (began: number) => (performance.now() - began) / 1000
const update = { method: 'POST', path: '/v1/subscriptions/:id' } as const
const retrieve = { method: 'GET', path: '/v1/subscriptions/:id' } as const
const quantityOf = async (person: Person) => (await subscriptionOf(t, person)).items.data[0]?.quantity

/** How often a change of the quantity was asked for at Stripe, whatever was answered. */
async function timesAsked(person: Person): Promise<number> {
  const { id } = await subscriptionOf(t, person)
  const asked = t.stripe.requests.list().filter(({ method, path, params }) => {
    return method === 'POST' && path === `/v1/subscriptions/${id}` && 'items' in params
  })
  return asked.length
}

/** Another process with a worker of its own, beside the same Stripe. */
async function startBeside(): Promise<Replica> {
  const beside = await startReplica(t, {
    STRIPE_SECRET_KEY: STRIPE_KEY,
    STRIPE_API_URL: t.app.config.stripeApiUrl,
    SMTP_URL: t.app.config.smtpUrl?.reveal(),
    STRIPE_READS_PER_SECOND: '1000',
  })
  const worker = await startWorker(beside.app)
  onTestFinished(worker.stop)
  return beside
}

test('twenty who join at once are set once, and looks of several workers at once set nothing twice', async () => {
  const person = await buyer(t, { plan: 'team' })
  const beside = await startBeside()
  const invitees: { email: string; token: string }[] = []
  for (let i = 0; i < 20; i++) {
    const email = newAddress()
    invitees.push({ email, token: (await invited(t, person, email)).token })
  }
  const began = performance.now()
  const joined = await Promise.all(
    invitees.map(({ email, token }, i) => {
      const body = { email, password: PASSWORD, invite_token: token }
      return i % 2
        ? registerInvited(t, email, token)
        : beside.post('/v1/auth/register', body, { from: '127.0.0.2' })
    }),
  )
  expect(new Set(joined.map(({ status }) => status))).toEqual(new Set([201]))
  await t.flush()
  expect(await quantityOf(person)).toBe(21)
  expect(await timesAsked(person)).toBeLessThanOrEqual(1 + secondsSince(began) / TOGETHER_SECONDS)

  await newMember(t, person)
  const { accountId } = person
  const { customer } = await subscriptionOf(t, person)
  const prorations = () => t.stripe.store.listOf('invoiceitem', customer as string).length
  const before = prorations()
  const apps = [t.app, beside.app, t.app, beside.app]
  await Promise.all(apps.map((app) => followSeats(app, { accountId })))
  await t.flush()
  expect(await quantityOf(person)).toBe(22)
  expect(prorations() - before).toBe(2)
})

test.each([
  { when: 'about to be set', ...retrieve },
  { when: 'set, and not noticed yet', ...update },
])('a change that is asked for while seats are $when is neither refused nor lost', async (call) => {
  const person = await buyer(t, { plan: 'team' })
  await newMember(t, person)
  const { when: _, ...request } = call
  t.stripe.faults.add({ ...request, kind: 'late', times: 1, delay_ms: 700 })
  const following = followSeats(t.app, person)
  await expect.poll(() => t.stripe.faults.list()).toEqual([])
  const order = { plan: 'team', interval: 'year', seats: 5 }
  const [reply] = await Promise.all([bill(t, person, 'subscription/change', order), following])
  expect(reply.status).toBe(200)
  await t.flush()
  expect((await stateOf(t, person)).subscription).toMatchObject({
    interval: 'year',
    seats: { purchased: 5, used: 2 },
  })
})

test.each([
  { call: 'look', ...retrieve },
  { call: 'update', ...update },
])(
  'when Stripe does not answer the $call, seats are over before anybody stops waiting for them',
  async (given) => {
    const person = await buyer(t, { plan: 'team' })
    await newMember(t, person)
    const { call, ...request } = given
    const before = await timesAsked(person)
    t.stripe.faults.add({ ...request, kind: 'timeout-after-commit', times: 1 })
    const began = performance.now()
    const following = followSeats(t.app, person).catch(({ type }) => [type, secondsSince(began)])
    await expect.poll(() => t.stripe.faults.list()).toEqual([])
    const order = { plan: 'team', interval: 'year', seats: 5 }
    const [reply, outcome] = await Promise.all([bill(t, person, 'subscription/change', order), following])
    expect(reply.status).toBe(200)
    expect(outcome).toEqual(['StripeConnectionError', expect.any(Number)])
    expect(outcome?.[1]).toBeLessThan((2 * SEATS_ANSWER_WITHIN_MS) / 1000)
    // The change, and seats never more than once.
    expect((await timesAsked(person)) - before).toBe(call === 'update' ? 2 : 1)
    await t.flush()
    expect((await stateOf(t, person)).subscription).toMatchObject({
      interval: 'year',
      seats: { purchased: 5, used: 2 },
    })
  },
)

test('who joins while the plan changes to one that follows is counted after it', async () => {
  const person = await buyer(t, { plan: 'pro' })
  const bob = await registerVerified(t)
  const { token } = await invited(t, person, bob.email)
  const before = await timesAsked(person)
  t.stripe.faults.add({ ...update, kind: 'late', times: 1, delay_ms: 700 })
  const changing = bill(t, person, 'subscription/change', { plan: 'team', interval: 'month' })
  await expect.poll(() => timesAsked(person)).toBe(before + 1)
  expect((await accept(t, bob, token)).status).toBe(200)
  // What is under way comes first; it is not a failure that it does.
  await followSeats(t.app, person)
  expect((await changing).body).toMatchObject({ plan: 'team' })
  await t.flush()
  expect(await quantityOf(person)).toBe(2)
})

test.each([1, 2, 3])('who joins while the payment is noticed is counted (%i)', async () => {
  const person = await registerWithoutTrial(t)
  const page = await checkout(t, person, { plan: 'team' })
  const email = newAddress()
  const { token } = await invited(t, person, email)
  pay(t, page.body.id)
  const customer = (await subscriptionOf(t, person)).customer as string
  await Promise.all([registerInvited(t, email, token), projectCustomer(t.app, customer, 'job')])
  await t.flush()
  expect(await quantityOf(person)).toBe(2)
})

test('people who come and go all the time are set three times a minute', async () => {
  const person = await buyer(t, { plan: 'team' })
  const began = performance.now()
  const [steps, apart] = [24, 12]
  let last: Person | undefined
  for (let step = 0; step < steps; step++) {
    if (last) {
      await t.call('DELETE', '/v1/me', { body: { password: PASSWORD }, as: last.accessToken })
      last = undefined
    } else {
      const email = newAddress()
      const { token } = await invited(t, person, email)
      last = personFrom(email, await registerInvited(t, email, token))
    }
    await bringJobsForward(t.app, apart)
    await t.settled()
  }
  const seconds = steps * apart + secondsSince(began)
  expect(await timesAsked(person)).toBeLessThanOrEqual(seconds / TOGETHER_SECONDS)
  await newMember(t, person)
  await t.flush()
  expect(await quantityOf(person)).toBe(2)
})
