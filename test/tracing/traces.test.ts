import { describe, expect, test } from 'vitest'
import { buyer } from '../support/buyers.ts'
import { newAddress, PASSWORD, register } from '../support/people.ts'
import { startStripeAppWith } from '../support/stripeApp.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'
import { Collector, type SentSpan } from './collector.ts'

const PATIENCE = { timeout: 20_000 }
const CALLER = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }
const traceparent = `00-${CALLER.trace}-${CALLER.span}-01`

/** The first span of a name that fits, once the collector has it. */
async function sent(
  collector: Collector,
  name: string,
  fits: (span: SentSpan) => boolean = () => true,
): Promise<SentSpan> {
  const find = () => collector.spans.find((span) => span.name === name && fits(span))
  await expect.poll(find, PATIENCE).toBeDefined()
  return find() as SentSpan
}

const of = (trace: string) => (span: SentSpan) => span.traceId === trace
const linesOf = (t: TestApp, trace: string) => t.logged.filter((line) => line.includes(trace))

describe('one trace leads', () => {
  test('from the caller to the request, its statements, the mail job and the mail server', async () => {
    const collector = await Collector.start()
    const t = await startTestAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    const email = newAddress()
    const body = { email, password: PASSWORD, name: 'Ada Lovelace' }
    const reply = await t.call('POST', '/v1/auth/register', { body, headers: { traceparent } })
    expect(reply.status).toBe(201)
    await t.mailsTo(email)

    const mail = await sent(collector, 'send mail', of(CALLER.trace))
    expect(collector.pathTo(mail)).toEqual(['register', 'mail.send', 'send mail'])
    const request = await sent(collector, 'register', of(CALLER.trace))
    expect(request).toMatchObject({ parentSpanId: CALLER.span, hasFailed: false })
    expect(request.attributes).toMatchObject({
      'http.route': '/v1/auth/register',
      'http.response.status_code': 201,
    })
    const user = await sent(collector, 'INSERT users', of(CALLER.trace))
    expect(user.parentSpanId).toBe(request.spanId)
    expect(user.attributes['db.query.text']).toMatch(/^insert into "users" \(.*\$1/)
    for (const name of ['BEGIN', 'COMMIT', 'password hash']) {
      expect(collector.pathTo(await sent(collector, name, of(CALLER.trace)))).toEqual(['register', name])
    }
    const noted = await sent(collector, 'UPDATE mail_log', of(CALLER.trace))
    expect(collector.pathTo(noted)).toEqual(['register', 'mail.send', 'UPDATE mail_log'])
    // The log leads there.
    expect(linesOf(t, CALLER.trace).join('')).toContain('"operation":"register"')

    const all = collector.bodies.join('')
    const { refresh_token, access_token } = reply.body
    for (const secret of [email, 'customer.example', PASSWORD, 'Lovelace', refresh_token, access_token]) {
      if (secret) expect(all).not.toContain(secret)
    }
  }, 60_000)

  test('from an event of Stripe to the inbox, the projection and what it asks of Stripe', async () => {
    const collector = await Collector.start()
    const t = await startStripeAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    await buyer(t)
    const listing = await sent(
      collector,
      'GET /v1/subscriptions',
      (span) => collector.pathTo(span)[0] === 'receiveStripeEvent',
    )
    expect(collector.pathTo(listing)).toEqual([
      'receiveStripeEvent',
      'billing.project',
      'GET /v1/subscriptions',
    ])
    expect(listing.attributes).toMatchObject({
      'frontgate.peer': 'stripe',
      'http.response.status_code': 200,
      'frontgate.outcome': 'done',
    })
    const kept = collector.spans.filter(
      (span) => span.traceId === listing.traceId && collector.pathTo(span)[0] === 'receiveStripeEvent',
    )
    const statements = kept.map(({ attributes }) => String(attributes['db.query.text'] ?? ''))
    expect(statements.join('\n')).toContain('insert into stripe_events')
    // What every look commits: the one of the first event may find nothing to buy yet.
    expect(statements.join('\n')).toContain('set "projected_token"')
    expect(collector.bodies.join('')).not.toMatch(/cus_\w|sub_\w|evt_\w|sk_test|whsec/)
  }, 60_000)

  test('nowhere else for what is no traceparent, and no further where the caller keeps no trace', async () => {
    const collector = await Collector.start()
    const t = await startTestAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { work: false })
    const unkept = `00-${'a'.repeat(32)}-${CALLER.span}-00`
    await t.call('GET', '/v1/plans', { headers: { traceparent: unkept } })
    await t.call('GET', '/v1/plans', { headers: { traceparent: `00-${'0'.repeat(32)}-x` } })
    const plans = await sent(collector, 'listPlans')
    expect(plans.parentSpanId).toBeUndefined()
    expect(collector.spans.filter(({ name }) => name === 'listPlans')).toHaveLength(1)
  }, 60_000)
})

test('a failure is marked by its code, and not by words', async () => {
  const collector = await Collector.start()
  const t = await startTestAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { work: false })
  await t.app.pool.query('alter table sales_leads rename to elsewhere')
  const body = { name: 'Ada', company: 'Analytical', email: newAddress(), message: 'Engines' }
  const reply = await t.call('POST', '/v1/sales-leads', { body })
  expect(reply.status).toBe(500)
  const request = await sent(collector, 'createSalesLead')
  expect(request).toMatchObject({ hasFailed: true, attributes: { 'frontgate.problem': 'internal' } })
  const failed = collector.spans.find((span) => span.hasFailed && span.parentSpanId === request.spanId)
  expect(failed?.attributes['error.type']).toBe('42P01')
  expect(linesOf(t, request.traceId).join('')).toContain('"message":"request failed"')
}, 60_000)

describe('a collector that takes nothing', () => {
  test('holds up nobody, is told of once, and gets what comes later', async () => {
    const collector = await Collector.start()
    collector.status = 400
    const t = await startTestAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { work: false })
    const warned = () => t.logged.filter((line) => line.includes('traces cannot be sent'))
    for (let round = 1; round <= 2; round++) {
      expect((await t.call('GET', '/v1/plans')).status).toBe(200)
      await expect.poll(() => collector.headers.length, PATIENCE).toBeGreaterThanOrEqual(round)
    }
    await expect.poll(warned, PATIENCE).toHaveLength(1)
    collector.status = 200
    await t.call('GET', '/v1/plans')
    await sent(collector, 'listPlans')
    await expect.poll(() => t.logged.join(''), PATIENCE).toContain('traces are sent again')
    expect(warned()).toHaveLength(1)
  }, 60_000)

  test('fills no memory: what is too much is dropped', async () => {
    const collector = await Collector.start()
    collector.status = 400
    const t = await startTestAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { work: false })
    const { tracing } = t.app
    for (let i = 0; i < 10_000; i++) tracing?.begin({ name: 'flood' }, undefined)?.end()
    collector.status = 200
    await t.call('GET', '/v1/plans')
    await sent(collector, 'flood')
    await tracing?.close()
    expect(collector.spans.filter(({ name }) => name === 'flood').length).toBeLessThanOrEqual(2048 + 512)
  }, 60_000)
})

test('what the collector wants in headers is sent, and a share of nothing sends nothing', async () => {
  const collector = await Collector.start()
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collect, x-scope=gate',
    OTEL_TRACES_SAMPLER_ARG: '0',
  }
  const t = await startTestAppWith(settings, { work: false })
  await t.call('GET', '/v1/plans')
  await t.call('GET', '/v1/plans', { headers: { traceparent } })
  const plans = await sent(collector, 'listPlans')
  expect(plans.traceId).toBe(CALLER.trace)
  expect(collector.spans.every(of(CALLER.trace))).toBe(true)
  expect(collector.headers[0]).toMatchObject({ authorization: 'Bearer collect', 'x-scope': 'gate' })
}, 60_000)

test('answers from memory are not traced', async () => {
  const collector = await Collector.start()
  const t = await startTestAppWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { work: false })
  const { accessToken } = await register(t)
  const asked = Array.from({ length: 50 }, () => t.call('GET', '/v1/forward-auth', { as: accessToken }))
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200)
  for (let i = 0; i < 50; i++) await t.call('GET', '/v1/forward-auth', { as: accessToken })
  await t.app.tracing?.close()
  const traced = collector.spans.filter(({ name }) => name === 'forwardAuth').length
  const { text } = await t.call('GET', '/metrics')
  expect(text).toContain('frontgate_request_seconds_count{operation="forwardAuth",status="200"} 100')
  // The first ones come before anything is remembered.
  expect(traced).toBeGreaterThan(0)
  expect(traced).toBeLessThan(100)
}, 60_000)

test('without a collector nothing is traced, and jobs carry nothing', async () => {
  const t = await startTestAppWith({}, { work: false })
  const body = { email: newAddress(), password: PASSWORD }
  await t.call('POST', '/v1/auth/register', { body, headers: { traceparent } })
  const { rows } = await t.app.pool.query('select payload from graphile_worker._private_jobs')
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain('traceparent')
  expect(t.app.tracing).toBeNull()
  expect(t.logged.join('')).not.toContain('trace_id')
})
