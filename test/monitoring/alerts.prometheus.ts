import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { buyer, subscriptionOf } from '../support/buyers.ts'
import { register } from '../support/people.ts'
import { startStripeAppWith } from '../support/stripeApp.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'
import { alertsFile, alertTestsFile } from './files.ts'
import { Prometheus } from './prometheus.ts'

const run = promisify(execFile)
const PATIENCE = { timeout: 30_000, interval: 300 }
const LATE_SECONDS = 700

async function portOf({ fastify }: TestApp): Promise<number> {
  if (!fastify.server.listening) await fastify.listen({ host: '127.0.0.1', port: 0 })
  return (fastify.server.address() as AddressInfo).port
}

test('the rules are rules, and each alert fires for what it is made for and not for what it is not', async () => {
  expect((await run('promtool', ['check', 'rules', alertsFile])).stdout).toContain('SUCCESS')
  expect((await run('promtool', ['test', 'rules', alertTestsFile])).stdout).toContain('SUCCESS')
})

test('Stripe that does not answer makes payments late, until it does', async () => {
  const t = await startStripeAppWith()
  const person = await buyer(t)
  const prometheus = await Prometheus.start(await portOf(t))
  await expect.poll(() => prometheus.hasReckoned(), PATIENCE).toBe(true)
  await expect.poll(() => prometheus.firing(), PATIENCE).toEqual([])

  const { id } = await subscriptionOf(t, person)
  await t.sdk.subscriptions.update(id, { cancel_at_period_end: true })
  t.stripe.faults.add({ method: 'GET', path: '/v1/subscriptions', kind: 'rate-limit', times: 1000 })
  t.stripe.deliveries.release()
  await t.stripe.deliveries.settle(AbortSignal.timeout(PATIENCE.timeout))
  t.moveClock(LATE_SECONDS)
  await expect.poll(() => prometheus.firing(), PATIENCE).toContain('FrontgatePaymentsLate')

  t.stripe.faults.clear()
  await t.flush()
  await expect.poll(() => prometheus.firing(), PATIENCE).not.toContain('FrontgatePaymentsLate')
}, 180_000)

test('without a worker jobs are late, until there is one', async () => {
  const t = await startTestAppWith({}, { work: false })
  const prometheus = await Prometheus.start(await portOf(t))
  await expect.poll(() => prometheus.hasReckoned(), PATIENCE).toBe(true)
  await expect.poll(() => prometheus.firing(), PATIENCE).toEqual(['FrontgateNoWorker'])

  await register(t)
  await t.app.pool.query(`
    update graphile_worker._private_jobs set run_at = clock_timestamp() - make_interval(secs => ${LATE_SECONDS})`)
  await expect.poll(() => prometheus.firing(), PATIENCE).toEqual(['FrontgateJobsLate', 'FrontgateNoWorker'])

  await startTestAppWith({ DATABASE_URL: t.databaseUrl })
  await expect.poll(() => prometheus.firing(), PATIENCE).toEqual([])
}, 180_000)

test('a service that ends is missed', async () => {
  const t = await startTestAppWith({})
  const prometheus = await Prometheus.start(await portOf(t))
  await expect.poll(() => prometheus.hasReckoned(), PATIENCE).toBe(true)
  await t.fastify.close()
  await expect.poll(() => prometheus.firing(), PATIENCE).toEqual(['FrontgateDown'])
}, 180_000)
