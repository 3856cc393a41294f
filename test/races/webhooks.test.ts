import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bringJobsForward } from '../../sandbox/settle.ts'
import { takeStock } from '../../src/webhooks/takeStock.ts'
import { tellAccount } from '../../src/webhooks/tellAccount.ts'
import { promiseAll, tellAll } from '../../src/webhooks/tellAll.ts'
import { startWorker } from '../../src/worker.ts'
import { operatorToken, register } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { DAY_SECONDS, giveGrant, instant, setOverride } from '../support/staff.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'
import { addEndpoint, type Receiver, startReceiver } from '../support/webhooks.ts'
import { ServiceProcess } from './serviceProcess.ts'

const PATIENCE = { timeout: 30_000 }

async function receiver(): Promise<Receiver> {
  const started = await startReceiver()
  onTestFinished(started.close)
  return started
}

const messagesOf = (t: TestApp) => t.app.db.selectFrom('webhook_messages').selectAll().orderBy('id').execute()
const idsIn = ({ received }: Receiver) => received.map(({ headers }) => String(headers['webhook-id']))

describe('two workers', () => {
  test('tell of one change once, and deliver each message once', async () => {
    const t = await startTestAppWith({})
    const replica = await startReplica(t)
    const worker = await startWorker(replica.app)
    onTestFinished(worker.stop)
    const product = await receiver()
    await addEndpoint(t, product.url)
    const people = await Promise.all(Array.from({ length: 10 }, () => register(t)))
    await t.settled()
    await Promise.all([t.sweep(), t.sweep()])
    expect(await messagesOf(t)).toHaveLength(3 * people.length)
    expect(new Set(idsIn(product)).size).toBe(3 * people.length)
    expect(product.received).toHaveLength(3 * people.length)
  })

  test('that look at an account at the same moment number what they tell without doubles', async () => {
    const t = await startTestAppWith({}, { work: false })
    const replica = await startReplica(t)
    const product = await receiver()
    await addEndpoint(t, product.url)
    const { accountId } = await register(t)
    const look = () =>
      Promise.all([t, replica, t, replica].map(({ app }) => tellAccount(app, { account: accountId })))
    await look()
    await Promise.all([giveGrant(t, accountId, { source: 'complimentary', plan: 'team' }), look()])
    await look()
    const told = (await messagesOf(t)).map(({ body }) => JSON.parse(body))
    expect(new Set(told.map(({ data }) => data.version)).size).toBe(4)
    expect(told).toHaveLength(4)
    expect(told.filter(({ type }) => type === 'entitlements.changed')).toHaveLength(2)
  })
})

describe('the first endpoint', () => {
  test('does not wait for accounts to be looked at, and hears of what changes until they were', async () => {
    const t = await startTestAppWith({}, { work: false })
    const [quiet, busy] = [await register(t), await register(t)]
    await giveGrant(t, quiet.accountId, { source: 'complimentary', plan: 'team' })
    await sql`
      insert into accounts (id, name, created_at)
      select gen_random_uuid(), 'One of many', now() from generate_series(1, 450)`.execute(t.app.db)
    const product = await receiver()
    const { secret } = await addEndpoint(t, product.url)
    const lookedAt = async () =>
      (await sql`select from webhook_told where name is not null`.execute(t.app.db)).rows.length
    expect(await lookedAt()).toBe(0)
    await giveGrant(t, busy.accountId, { source: 'complimentary', plan: 'team' })
    const { accountId: born } = await register(t)

    const next = await startTestAppWith({ DATABASE_URL: t.databaseUrl })
    await next.sweep()
    expect(await lookedAt()).toBe(453)
    const told = () =>
      product.events(secret).map(({ type, data }) => [type, 'account_id' in data && data.account_id])
    expect(told().sort()).toEqual(
      [
        ['account.created', born],
        ['member.added', born],
        ['entitlements.changed', born],
        ['entitlements.changed', busy.accountId],
      ].sort(),
    )
    const ofBusy = product.received.find(({ body }) => body.includes(busy.accountId))
    expect(JSON.parse(ofBusy?.body ?? '').data).toMatchObject({ old: null, new: { plan: 'team' } })

    product.received.length = 0
    await setOverride(next, quiet.accountId, 'limits/trees', 7, instant(next, DAY_SECONDS))
    await next.settled()
    expect(product.events(secret)).toMatchObject([
      { type: 'entitlements.changed', data: { account_id: quiet.accountId, old: { plan: 'team' } } },
    ])
  })
})

test('what time changes before an account is looked at is told too, with how it was', async () => {
  const t = await startTestAppWith({}, { work: false })
  const { accountId } = await register(t)
  const product = await receiver()
  const { secret } = await addEndpoint(t, product.url)

  const next = await startTestAppWith({ DATABASE_URL: t.databaseUrl })
  next.moveClock(15 * DAY_SECONDS)
  await next.sweep()
  await next.sweep()
  expect(product.events(secret)).toMatchObject([
    {
      type: 'entitlements.changed',
      data: { account_id: accountId, old: { reason: 'trial' }, new: { reason: 'trial-expired' } },
    },
  ])
})

describe('a round through all accounts', () => {
  test('is made some at a time, goes on where it was cut off, and begins anew when it is asked for again', async () => {
    const t = await startTestAppWith({}, { work: false })
    await sql`
      insert into accounts (id, name, created_at)
      select gen_random_uuid(), 'One of many', now() from generate_series(1, 250)`.execute(t.app.db)
    await addEndpoint(t, (await receiver()).url, { events: ['account.deleted'] })
    await takeStock(t.app)
    await takeStock(t.app)
    const rename = (name: string) => sql`update accounts set name = ${name}`.execute(t.app.db)
    await rename('Another')
    await promiseAll(t.app.db)
    await tellAll(t.app)
    expect(await messagesOf(t)).toHaveLength(200)
    await rename('Yet another')
    const next = await startTestAppWith({ DATABASE_URL: t.databaseUrl })
    await next.settled()
    expect(await messagesOf(t)).toHaveLength(250)
    await Promise.all([promiseAll(t.app.db), promiseAll(next.app.db)])
    await next.settled()
    expect(await messagesOf(t)).toHaveLength(450)
  })
})

describe('an endpoint that is added or deleted while accounts change', () => {
  test('leaves nothing told half: all is forgotten with the last one, and begun anew with the next', async () => {
    const t = await startTestAppWith({})
    const product = await receiver()
    const operators = async () => {
      for (let round = 0; round < 5; round++) {
        const { id } = await addEndpoint(t, product.url)
        const as = await operatorToken(t)
        const path = `/v1/operator/webhooks/endpoints/${id}`
        const reply = await t.call('DELETE', path, { as, body: { reason: 'Tried' } })
        expect(reply.status).toBe(204)
      }
    }
    await Promise.all([operators(), operators(), ...Array.from({ length: 10 }, () => register(t))])
    await t.sweep()
    const { rows } = await sql`
      select from webhook_endpoints union all select from webhook_deliveries union all select from webhook_secrets
    `.execute(t.app.db)
    expect(rows).toEqual([])
    const { xid } = await t.app.db.selectFrom('webhook_watch').select('xid').executeTakeFirstOrThrow()
    expect(xid).toBeNull()

    const person = await register(t)
    await t.settled()
    product.received.length = 0
    const { secret } = await addEndpoint(t, product.url)
    await t.settled()
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    await t.settled()
    expect(product.events(secret)).toMatchObject([
      { type: 'entitlements.changed', data: { new: { plan: 'team' } } },
    ])
  })
})

describe('a process that is killed', { timeout: 90_000 }, () => {
  test('after a commit and before anybody was told of it, loses nothing', async () => {
    const t = await startTestAppWith({}, { work: false })
    const product = await receiver()
    const { secret } = await addEndpoint(t, product.url)
    // Nobody works: what this process announced is gone with it, and only the row is left.
    const { accountId } = await register(t)
    expect(
      await sql`select from graphile_worker.jobs where task_identifier like 'webhooks.tell%'`.execute(
        t.app.db,
      ),
    ).toMatchObject({ rows: [] })
    const next = await startTestAppWith({ DATABASE_URL: t.databaseUrl })
    await next.sweep()
    expect(product.events(secret).map(({ data }) => 'account_id' in data && data.account_id)).toEqual(
      Array(3).fill(accountId),
    )
  })

  test('while the endpoint has not answered, has the message sent again, under the same id', async () => {
    const t = await startTestAppWith({}, { work: false })
    const product = await receiver()
    await addEndpoint(t, product.url, { events: ['account.created'] })
    product.answer = (_received, nth) => (nth === 1 ? new Promise(() => undefined) : 204)
    const first = await ServiceProcess.start({ DATABASE_URL: t.databaseUrl })
    const reply = await first.post('/v1/auth/register', {
      email: 'ada@customer.example',
      password: 'correct horse battery staple',
      token_delivery: 'body',
    })
    expect(reply.status).toBe(201)
    await expect.poll(() => product.received.length, PATIENCE).toBe(1)
    first.kill('SIGKILL')
    expect(await first.ended).toEqual([null, 'SIGKILL'])

    const next = await startTestAppWith({ DATABASE_URL: t.databaseUrl })
    await expect
      .poll(async () => {
        next.moveClock(30)
        await bringJobsForward(next.app, 30)
        await next.sweep()
        return product.received.length
      }, PATIENCE)
      .toBe(2)
    expect(new Set(idsIn(product)).size).toBe(1)
    expect(product.received[1]?.body).toBe(product.received[0]?.body)
  })
})
