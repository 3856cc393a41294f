import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { median } from '../../bench/findings.ts'
import { checkout, pay } from '../support/buyers.ts'
import { operatorToken, PASSWORD, register } from '../support/people.ts'
import { type Replica, startReplica } from '../support/replica.ts'
import { endGrant, setOverride } from '../support/staff.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'
import { startTestApp, startTestAppAs, type TestApp } from '../support/testApp.ts'
import { consume, standing } from '../support/usage.ts'
import { startPgbouncer } from './pgbouncer.ts'

/** Far fewer than the connections of both processes together, so that a session is another one with each transaction. */
const SERVER_CONNECTIONS = 3
const small: [string, string][] = [['default_pool_size = 20', `default_pool_size = ${SERVER_CONNECTIONS}`]]

let owner: TestApp
let t: StripeApp
let pooled: NodeJS.ProcessEnv
let pooler: Awaited<ReturnType<typeof startPgbouncer>>
beforeAll(async () => {
  owner = await startTestApp({}, { work: false })
  pooler = await startPgbouncer(owner.databaseUrl, small)
  pooled = {
    DATABASE_URL: pooler.url,
    DATABASE_DIRECT_URL: owner.databaseUrl,
    DATABASE_PREPARED_STATEMENTS: 'false',
    DATABASE_POOL_SIZE: '20',
  }
  t = await startStripeApp(pooled)
})
afterAll(async () => {
  await t.close()
  await pooler.stop()
  await owner.close()
})

const replica = () => startReplica(t, pooled)

describe('behind PgBouncer in transaction mode', () => {
  test('many sign up, sign in, refresh and count at once, in two processes', async () => {
    const other = await replica()
    const people = await Promise.all(Array.from({ length: 40 }, () => register(t)))
    await Promise.all(people.map(({ accountId }) => setOverride(t, accountId, 'limits/kb_conversions', 1000)))
    const work = people.flatMap((person, i) => {
      const at = i % 2 === 0 ? t : { call: callOf(other) }
      return [
        t.call('POST', '/v1/auth/refresh', { body: { refresh_token: person.refreshToken } }),
        other.post('/v1/auth/login', { email: person.email, password: PASSWORD, token_delivery: 'body' }),
        ...Array.from({ length: 10 }, (_, n) => consume(at, person, 'kb_conversions', 1, `${i} ${n % 5}`)),
      ]
    })
    const statuses = (await Promise.all(work)).map(({ status }) => status)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    for (const person of people) expect((await standing(t, person, 'kb_conversions')).used).toBe(5)
    await t.settled()
    for (const { email } of people) expect(t.mailbox.list(email)).toHaveLength(1)
  })

  test('payments become plans, by events that are handled by jobs', async () => {
    const buyers = await Promise.all(Array.from({ length: 8 }, () => register(t)))
    for (const buyer of buyers) pay(t, (await checkout(t, buyer)).body.id)
    await t.flush()
    for (const { accessToken: as } of buyers) {
      const { body } = await t.call('GET', '/v1/billing/state', { as })
      expect(body.subscription).toMatchObject({ source: 'stripe' })
    }
    const { rows } = await t.app.pool.query(`select from stripe_events where status = 'received'`)
    expect(rows).toEqual([])
  })

  test('no statement finds another one prepared under its name, also where tables change meanwhile', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => register(t)))
    await t.app.pool.query('alter table users add column note text')
    const replies = await Promise.all(
      people.flatMap(({ accessToken: as }) => [
        t.call('GET', '/v1/me', { as }),
        t.call('PATCH', '/v1/me', { as, body: { name: 'Ada' } }),
      ]),
    )
    expect(replies.filter(({ status }) => status !== 200)).toEqual([])
    await t.app.pool.query('alter table users drop column note')
  })

  test('what one process changes reaches others by the direct connection', async () => {
    const others = [await replica(), await replica()]
    const { accountId, accessToken } = await register(t)
    const url = '/v1/forward-auth?require=plan:team'
    const open = async (status: number) => {
      await Promise.all(others.map((each) => until(each, url, accessToken, status)))
    }
    const operator = await operatorToken(t)
    const grant = { source: 'complimentary', plan: 'team', reason: 'Agreed with sales' }
    const took: number[] = []
    for (let time = 0; time < 20; time++) {
      await open(402)
      const began = performance.now()
      const giving = t.call('POST', `/v1/operator/accounts/${accountId}/grants`, {
        as: operator,
        body: grant,
      })
      await open(200)
      took.push(performance.now() - began)
      await endGrant(t, (await giving).body.id)
    }
    process.stderr.write(
      `a grant, until two other processes behind PgBouncer let it in: ${median(took).toFixed(1)} ms median, ${Math.max(...took).toFixed(1)} ms at most\n`,
    )
    const { rows } = await owner.app.pool.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'frontgate changes'`,
    )
    expect(rows).toHaveLength(4)
  })
})

test('without a direct connection a process says that it hears of nothing at once', async () => {
  const listening = async ({ call }: TestApp) => {
    const { text } = await call('GET', '/metrics')
    return /^frontgate_changes_listening (\d)$/m.exec(text)?.[1]
  }
  const indirect = { ...pooled, DATABASE_DIRECT_URL: pooler.url }
  const deaf = await startTestAppAs(owner.databaseUrl, indirect, { work: false })
  onTestFinished(() => deaf.close())
  const warning = () => deaf.logged.filter((line) => line.includes('changes reach this process by a pooler'))
  await expect.poll(() => warning().length, { timeout: 10_000 }).toBe(1)
  expect(await listening(deaf)).toBe('0')
  await expect.poll(() => listening(t), { timeout: 10_000 }).toBe('1')
})

async function until(each: Replica, url: string, accessToken: string, status: number): Promise<void> {
  while ((await each.get(url, accessToken)).status !== status) await delay(1)
}

function callOf(other: Replica): TestApp['call'] {
  return (_method, url, { body, ...how } = {}) => other.post(url, body as object, how)
}
