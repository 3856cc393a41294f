import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readWebhook, WebhookError } from '@frontgate/client/webhooks'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { inTx } from '../../src/db/transaction.ts'
import { openSecret, resealSecrets } from '../../src/webhooks/secrets.ts'
import { sendMessage } from '../../src/webhooks/sendMessage.ts'
import { operatorToken, register } from '../support/people.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { deliveriesOf, type Listener, listen, webhookCall } from '../support/webhooks.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const HOUR = 3600
const ping = async ({ id }: Pick<Listener, 'id'>) => {
  const reply = await webhookCall(t, 'POST', `endpoints/${id}/ping`)
  await t.settled()
  return reply
}
const endpointOf = async ({ id }: Pick<Listener, 'id'>) =>
  (await webhookCall(t, 'GET', `endpoints/${id}`)).body
const newestOf = async ({ id }: Pick<Listener, 'id'>) => (await deliveriesOf(t, { endpoint_id: id }))[0]

describe('a delivery that fails', () => {
  test('is tried again later, with the same id and bytes and a signature of its own time, until it succeeds', async () => {
    const product = await listen(t)
    product.answer = (_received, nth) => (nth <= 2 ? 500 : 200)
    await ping(product)
    expect(await newestOf(product)).toMatchObject({
      state: 'waiting',
      attempts: 1,
      last_outcome: 'refused',
      last_status: 500,
      delivered_at: null,
    })
    await t.sweep()
    expect(product.received).toHaveLength(1)
    await t.advance(6)
    expect(product.received).toHaveLength(2)
    await t.advance(299)
    expect(product.received).toHaveLength(2)
    await t.advance(61)
    expect(product.received).toHaveLength(3)
    expect(await newestOf(product)).toMatchObject({
      state: 'delivered',
      attempts: 3,
      last_status: 200,
      next_attempt_at: null,
      delivered_at: instant(t),
    })
    const [first, , third] = product.received
    expect(third?.body).toBe(first?.body)
    expect(third?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(product.events(product.secret)).toHaveLength(3)
    expect((await endpointOf(product)).failing_since).toBeNull()
  })

  test('is given up after ten attempts in three days', async () => {
    const product = await listen(t)
    product.answer = () => 503
    await ping(product)
    const began = t.app.now().getTime()
    while ((await newestOf(product))?.state === 'waiting') await t.advance(HOUR)
    const hours = (t.app.now().getTime() - began) / (HOUR * 1000)
    expect(product.received).toHaveLength(10)
    expect(hours).toBeGreaterThanOrEqual(71)
    expect(hours).toBeLessThanOrEqual(97)
    expect(await newestOf(product)).toMatchObject({
      state: 'failed',
      last_status: 503,
      given_up_at: instant(t),
    })
    expect((await endpointOf(product)).disabled_at).toBeNull()
  })

  test('waits as long as the endpoint asks for', async () => {
    const product = await listen(t)
    product.answer = () => [429, { 'retry-after': '120' }]
    await ping(product)
    await t.advance(60)
    expect(product.received).toHaveLength(1)
    await t.advance(60)
    expect(product.received).toHaveLength(2)
  })

  test('is one whose answer redirects: nobody goes there', async () => {
    const [product, elsewhere] = [await listen(t), await listen(t)]
    product.answer = () => [307, { location: elsewhere.url }]
    await ping(product)
    expect(elsewhere.received).toEqual([])
    expect(await newestOf(product)).toMatchObject({ last_outcome: 'refused', last_status: 307 })
  })

  test('is one to a port where nobody listens', async () => {
    const product = await listen(t)
    await product.close()
    await ping(product)
    expect(await newestOf(product)).toMatchObject({ last_outcome: 'unreachable', last_status: null })
  })

  test('is one that is not answered in time', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => silent.closeAllConnections())
    onTestFinished(() => void silent.close())
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const message = { url, messageId: 'msg_1', body: '{}', secrets: [], sentAt: t.app.now(), agent: 'test' }
    const answer = await sendMessage(message, { answerWithinMs: 20 })
    expect(answer).toEqual({ outcome: 'timeout', status: null, askedSeconds: 0 })
  })
})

describe('what an endpoint answers', () => {
  test('is read no further than its status, and is nowhere to be seen', async () => {
    const endless = createServer((_request, response) => {
      response.writeHead(500, { 'x-inside': 'TOP-SECRET' })
      const more = () => response.write('TOP-SECRET'.repeat(1000), () => setImmediate(more))
      response.on('error', () => undefined)
      if (!response.closed) more()
    })
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => endless.closeAllConnections())
    onTestFinished(() => void endless.close())
    const product = await listen(t)
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`
    await webhookCall(t, 'PATCH', `endpoints/${product.id}`, { url })
    await ping(product)
    const seen = [await newestOf(product), await endpointOf(product), t.logged]
    expect(seen[0]).toMatchObject({ last_outcome: 'refused', last_status: 500 })
    expect(JSON.stringify(seen)).not.toContain('TOP-SECRET')
  })
})

describe('an endpoint', () => {
  test('that answers 410 is disabled: what waits and what comes is given up, and can be replayed', async () => {
    const product = await listen(t, { events: ['entitlements.changed'] })
    product.answer = () => 410
    const person = await register(t)
    await t.settled()
    expect(await endpointOf(product)).toMatchObject({ disabled_because: 'gone', disabled_at: instant(t) })
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    await t.settled()
    expect(product.received).toHaveLength(1)
    const missed = await deliveriesOf(t, { endpoint_id: product.id, state: 'failed' })
    expect(missed.map(({ last_outcome }) => last_outcome)).toEqual(['endpoint-disabled', 'refused'])
    expect(t.logged.join('')).toContain('a webhook endpoint was disabled')
    const metrics = await t.app.metrics.registry.metrics()
    expect(metrics).toContain('frontgate_webhook_endpoints_disabled_total{because="gone"} 1')

    const since = instant(t, -60)
    const replay = () =>
      webhookCall(t, 'POST', `endpoints/${product.id}/replay`, { since, reason: 'It is back' })
    expect((await replay()).body).toMatchObject({ code: 'webhook-endpoint-disabled', status: 409 })
    product.answer = () => 200
    await webhookCall(t, 'PATCH', `endpoints/${product.id}`, { enabled: true, reason: 'It is back' })
    expect((await replay()).body).toEqual({ replayed: 2 })
    await t.settled()
    expect(await product.told()).toHaveLength(3)
    expect(await deliveriesOf(t, { endpoint_id: product.id, state: 'failed' })).toEqual([])
    expect((await replay()).body).toEqual({ replayed: 0 })
  })

  test('to which nothing could be delivered for five days is disabled, with an error in the log', async () => {
    const product = await listen(t)
    product.answer = () => 500
    await ping(product)
    await t.advance(4 * DAY_SECONDS)
    await ping(product)
    expect(await endpointOf(product)).toMatchObject({ disabled_at: null, failing_since: expect.any(String) })
    await t.advance(DAY_SECONDS)
    expect(await endpointOf(product)).toMatchObject({ disabled_because: 'failing', disabled_at: instant(t) })
    const errors = t.logged.map((line) => JSON.parse(line)).filter(({ endpoint }) => endpoint === product.id)
    expect(errors.at(-1)).toMatchObject({ level: 'error', because: 'failing' })
  })

  test('that an operator disables is sent nothing, also not when it is enabled again', async () => {
    const product = await listen(t)
    const disabled = await webhookCall(t, 'PATCH', `endpoints/${product.id}`, { enabled: false })
    expect(disabled.body).toMatchObject({ disabled_because: 'operator', disabled_at: instant(t) })
    expect((await ping(product)).body.code).toBe('webhook-endpoint-disabled')
    await register(t)
    await t.settled()
    const enabled = await webhookCall(t, 'PATCH', `endpoints/${product.id}`, { enabled: true })
    expect(enabled.body).toMatchObject({ disabled_because: null, disabled_at: null })
    await t.sweep()
    expect(product.received).toEqual([])
    await register(t)
    expect(await product.told()).toHaveLength(3)
  })

  test.each([
    ['https://hooks.product.example/frontgate?a=b', 'https://service.example', 201],
    ['http://127.0.0.1:4200/hooks', 'https://service.example', 201],
    ['http://localhost:4200/hooks', 'https://service.example', 201],
    ['http://[::1]:4200/hooks', 'https://service.example', 201],
    ['http://hooks.product.example/', 'https://service.example', 422],
    ['http://localhost.evil.example/', 'https://service.example', 422],
    ['https://ada:secret@hooks.product.example/', 'https://service.example', 422],
    ['http://10.1.2.3/hooks', 'http://localhost:4000', 201],
    ['ftp://hooks.product.example/', 'http://localhost:4000', 422],
    ['https://', 'http://localhost:4000', 422],
  ])('at %s, where PUBLIC_URL is %s: %i', async (url, publicUrl, status) => {
    const [before, as] = [t.app.config.publicUrl, await operatorToken(t)]
    Object.assign(t.app.config, { publicUrl })
    const reply = await t
      .call('POST', '/v1/operator/webhooks/endpoints', { as, body: { url } })
      .finally(() => Object.assign(t.app.config, { publicUrl: before }))
    expect(reply.status, reply.text).toBe(status)
    if (status === 422) expect(reply.body.errors[0].pointer).toBe('#/url')
    else await webhookCall(t, 'DELETE', `endpoints/${reply.body.id}`, { reason: 'Tried' })
  })

  test('shows its secret once, and every act of an operator is in the trail without it', async () => {
    const product = await listen(t, { description: 'The product' })
    const roll = await webhookCall(t, 'POST', `endpoints/${product.id}/roll-secret`, { reason: 'Each year' })
    await ping(product)
    const [delivery] = await deliveriesOf(t, { endpoint_id: product.id })
    await webhookCall(t, 'POST', `deliveries/${delivery?.id}/replay`, { reason: 'Lost' })
    await t.settled()
    const seen = JSON.stringify([
      (await webhookCall(t, 'GET', 'endpoints')).body,
      await endpointOf(product),
      (await t.call('GET', '/v1/operator/audit?limit=100', { as: await operatorToken(t) })).body,
      t.logged,
    ])
    for (const secret of [product.secret, roll.body.secret]) expect(seen).not.toContain(secret.slice(6))
    for (const action of [
      'webhook-endpoint.created',
      'webhook-endpoint.secret-rolled',
      'webhook-endpoint.pinged',
      'webhook-delivery.replayed',
    ]) {
      expect(seen).toContain(`"${action}"`)
    }
  })

  test('leaves in the trail to which origin data went, and nothing else of its URL', async () => {
    const { id, url } = await listen(t)
    const moved = 'https://hooks.product.example/a-path?token=hidden'
    await webhookCall(t, 'PATCH', `endpoints/${id}`, { url: moved })
    await webhookCall(t, 'DELETE', `endpoints/${id}`, { reason: 'Moved' })
    const trail = (await t.call('GET', '/v1/operator/audit?limit=100', { as: await operatorToken(t) })).body
    const acts = trail.data.filter(
      ({ action, details }: { action: string; details: { endpoint?: string } }) =>
        action.startsWith('webhook-endpoint.') && details.endpoint === id,
    )
    const [was, is] = [new URL(url).origin, 'https://hooks.product.example']
    expect(acts.reverse().map(({ details }: { details: object }) => details)).toMatchObject([
      { origin: was },
      { origin: is, old_origin: was },
      { origin: is },
    ])
    expect(JSON.stringify(acts)).not.toMatch(/hidden|a-path/)
  })

  test('whose secret is rolled gets both signatures for a day, then only the new one', async () => {
    const product = await listen(t)
    const rolled = await webhookCall(t, 'POST', `endpoints/${product.id}/roll-secret`, {
      reason: 'Each year',
    })
    const { secret } = rolled.body
    await ping(product)
    await t.advance(DAY_SECONDS)
    await ping(product)
    const [during, after] = product.received
    const read = (received = during, ...secrets: string[]) =>
      readWebhook(received?.body ?? '', received?.headers ?? {}, secrets).type
    expect(during?.headers['webhook-signature']?.split(' ')).toHaveLength(2)
    expect([read(during, product.secret), read(during, secret)]).toEqual(['ping', 'ping'])
    expect(after?.headers['webhook-signature']?.split(' ')).toHaveLength(1)
    expect([read(after, secret), read(after, product.secret, secret)]).toEqual(['ping', 'ping'])
    expect(() => read(after, product.secret)).toThrow(WebhookError)
  })

  test('whose secret somebody else knows gets another one at once', async () => {
    const product = await listen(t)
    const body = { reason: 'It leaked', overlap_hours: 0 }
    const { secret } = (await webhookCall(t, 'POST', `endpoints/${product.id}/roll-secret`, body)).body
    await ping(product)
    expect(() => product.events(product.secret)).toThrow(/signature does not fit/)
    expect(product.events(secret)).toHaveLength(1)
  })

  test('that is slow holds up no other endpoint and no mail', async () => {
    const [slow, quick] = [await listen(t), await listen(t)]
    const { promise: held, resolve: release } = Promise.withResolvers<number>()
    slow.answer = () => held
    const people = await Promise.all(Array.from({ length: 4 }, () => register(t)))
    await expect.poll(() => slow.received.length).toBe(4)
    await expect.poll(() => quick.received.length).toBe(12)
    for (const { email } of people) await expect.poll(() => t.mailbox.list(email).length).toBe(1)
    expect(slow.received).toHaveLength(4)
    release(200)
    expect(await slow.told()).toHaveLength(12)
  })
})

describe('endpoints that fail slowly', () => {
  test('leave a place to those that do not, and let each other have a turn', async () => {
    const narrow = await startTestAppWith({ WORKER_CONCURRENCY: '4' })
    const [one, other, quick] = [await listen(narrow), await listen(narrow), await listen(narrow)]
    const pinged = (of: Listener) => webhookCall(narrow, 'POST', `endpoints/${of.id}/ping`)
    const failing = [one, other]
    for (const product of failing) {
      product.answer = () => 500
      await pinged(product)
    }
    await narrow.settled()
    const held: ((status: number) => void)[] = []
    for (const product of failing) {
      product.received.length = 0
      product.answer = () => new Promise((resolve) => held.push(resolve))
      for (const _nth of [1, 2]) await pinged(product)
    }
    const attempts = () => failing.map(({ received }) => received.length)
    for (const nth of [1, 2, 3, 4]) {
      await expect.poll(() => held.length, { timeout: 10_000 }).toBe(nth)
      await pinged(quick)
      await expect.poll(() => quick.received.length, { timeout: 10_000 }).toBe(nth)
      expect(held).toHaveLength(nth)
      if (nth === 2) expect(attempts()).toEqual([1, 1])
      held.at(-1)?.(500)
    }
    expect(attempts()).toEqual([2, 2])
  }, 60_000)
})

describe('a secret that cannot be opened', () => {
  test('makes deliveries fail like any other, and the endpoint be disabled in the end', async () => {
    const product = await listen(t)
    await sql`update webhook_secrets set sealed = '\\x00' where endpoint_id = ${product.id}`.execute(t.app.db)
    await ping(product)
    expect(await newestOf(product)).toMatchObject({
      state: 'waiting',
      attempts: 1,
      last_outcome: 'unsigned',
      last_status: null,
    })
    expect((await endpointOf(product)).failing_since).toBe(instant(t))
    await t.advance(5 * DAY_SECONDS)
    expect(await endpointOf(product)).toMatchObject({ disabled_because: 'failing' })
    expect(product.received).toEqual([])
  })
})

describe('deliveries', () => {
  test('are listed by endpoint, by what became of them and by account, a page at a time', async () => {
    const [one, other] = [await listen(t), await listen(t)]
    other.answer = () => 500
    const { accountId } = await register(t)
    await t.settled()
    const of = async (query: Record<string, string>) =>
      (await deliveriesOf(t, { account_id: accountId, ...query })).length
    expect(await of({})).toBe(6)
    expect(await of({ endpoint_id: one.id })).toBe(3)
    expect(await of({ state: 'waiting' })).toBe(3)
    expect(await of({ state: 'delivered', endpoint_id: other.id })).toBe(0)
    const page = (await webhookCall(t, 'GET', `deliveries?account_id=${accountId}&limit=4`)).body
    const next = await deliveriesOf(t, { account_id: accountId, cursor: page.next_cursor })
    expect(new Set([...page.data, ...next].map(({ id }) => id)).size).toBe(6)
    const metrics = await t.app.metrics.registry.metrics()
    expect(metrics).toMatch(/frontgate_webhook_deliveries_total{outcome="delivered"} \d/)
    t.moveClock(90)
    const later = await t.app.metrics.registry.getSingleMetricAsString(
      'frontgate_webhook_oldest_waiting_seconds',
    )
    expect(later).toMatch(/^frontgate_webhook_oldest_waiting_seconds 90$/m)
  })

  test('that were received can be replayed too, under the same id', async () => {
    const product = await listen(t)
    await ping(product)
    const delivery = await newestOf(product)
    const replayed = await webhookCall(t, 'POST', `deliveries/${delivery?.id}/replay`, {
      reason: 'Lost there',
    })
    expect(replayed.body).toMatchObject({ id: delivery?.id, state: 'waiting', attempts: 0 })
    const [first, second, ...more] = await product.told()
    expect(second).toEqual(first)
    expect(more).toEqual([])
  })

  test('are forgotten after thirty days', async () => {
    const product = await listen(t, { events: ['account.deleted'] })
    await ping(product)
    await t.advance(30 * DAY_SECONDS - 1)
    expect(await deliveriesOf(t, { endpoint_id: product.id })).toHaveLength(1)
    await t.advance(2)
    expect(await deliveriesOf(t, { endpoint_id: product.id })).toEqual([])
  })

  test('are not held by whoever deletes their endpoint and waits for it', async () => {
    const product = await listen(t)
    product.answer = () => 500
    await ping(product)
    const settling = await t.app.pool.connect()
    onTestFinished(() => settling.release())
    await settling.query('begin')
    await settling.query('update webhook_endpoints set failing_since = now() where id = $1', [product.id])
    const deleted = webhookCall(t, 'DELETE', `endpoints/${product.id}`, { reason: 'Moved' })
    await expect
      .poll(async () => {
        const { rows } = await t.app.pool.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        return rows.length
      })
      .toBe(1)
    const free = 'select from webhook_deliveries where endpoint_id = $1 for update nowait'
    expect((await settling.query(free, [product.id])).rows).toHaveLength(1)
    await settling.query('commit')
    expect((await deleted).status).toBe(204)
  })

  test('of an endpoint that is deleted are deleted with it', async () => {
    const product = await listen(t)
    product.answer = () => 500
    await ping(product)
    await webhookCall(t, 'DELETE', `endpoints/${product.id}`, { reason: 'Moved' })
    expect((await endpointOf(product)).code).toBe('not-found')
    await t.advance(HOUR)
    expect(product.received).toHaveLength(1)
  })
})

test('a secret sealed under a former SECRET opens, and is sealed anew by rotating keys', async () => {
  const product = await listen(t)
  const former = t.app.config.secrets[0].reveal()
  const newer = 'another-secret-that-only-tests-know-0123'
  const settings = { DATABASE_URL: t.databaseUrl }
  const both = await startTestAppWith({ ...settings, SECRET: `${newer},${former}` }, { work: false })
  await inTx(both.app, (tx) => resealSecrets(tx, both.app.config))
  onTestFinished(async () => {
    const back = await startTestAppWith({ ...settings, SECRET: `${former},${newer}` }, { work: false })
    await inTx(back.app, (tx) => resealSecrets(tx, back.app.config))
  })
  const { sealed } = await t.app.db
    .selectFrom('webhook_secrets')
    .select('sealed')
    .where('endpoint_id', '=', product.id)
    .executeTakeFirstOrThrow()
  const alone = { secrets: [both.app.config.secrets[0]] as [(typeof both.app.config.secrets)[0]] }
  expect(openSecret(alone, product.id, sealed)).toBe(product.secret)
})
