import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTx } from '../../src/db/transaction.ts'
import { systemCaller } from '../../src/http/actor.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import { mirrored } from '../support/mirrored.ts'
import { dismiss } from '../support/operators.ts'
import { newAddress, operatorToken, register, registerVerified } from '../support/people.ts'
import { giveGrant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
let as: string
beforeAll(async () => {
  t = await startTestApp()
  as = await operatorToken(t)
})
afterAll(() => t.close())

const find = (query: string) => t.call('GET', `/v1/operator/accounts?${query}`, { as })
const words = (query: string) => find(`query=${encodeURIComponent(query)}`)
const idsIn = ({ body }: { body: { data: { id: string }[] } }) => body.data.map(({ id }) => id)

describe('findAccounts', () => {
  test('200: by id, by a part of the name, by a part of a member’s address, in any case', async () => {
    const email = newAddress('Grace.Hopper')
    const person = await register(t, { email, account_name: 'Cobol & Söhne' })
    await register(t)
    for (const query of [
      person.accountId,
      person.accountId.toUpperCase(),
      'cobol & s',
      'SÖHNE',
      'grace.hopper',
      email,
      ` ${email} `,
    ]) {
      expect(idsIn(await words(query)), query).toEqual([person.accountId])
    }
    expect((await words('cobol')).body.data).toEqual([
      {
        id: person.accountId,
        name: 'Cobol & Söhne',
        members: 1,
        created_at: t.app.now().toISOString(),
        closed_at: null,
      },
    ])
  })

  test('what SQL would read as a pattern is read as it is written', async () => {
    const percent = await register(t, { account_name: '100%_sure\\' })
    await register(t, { account_name: '100 surely' })
    for (const query of ['%', '_', '\\', '100%_', '100%_sure\\']) {
      expect(idsIn(await words(query)), query).toEqual([percent.accountId])
    }
    expect((await words("' or 1=1 --")).body.data).toEqual([])
  })

  test('every account once, the newest first, page by page; closed ones too', async () => {
    const own = await startTestAppWith({}, { work: false })
    const people = []
    for (let i = 0; i < 7; i++) people.unshift(await register(own, { account_name: `No. ${i}` }))
    const [newest] = people
    await own.call('DELETE', '/v1/accounts/me', { as: newest?.accessToken ?? '', body: { confirm: 'No. 6' } })
    const token = await operatorToken(own)
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await own.call('GET', `/v1/operator/accounts?limit=3${cursor}`, { as: token })
      seen.push(...idsIn(page))
      cursor = page.body.next_cursor ? `&cursor=${page.body.next_cursor}` : ''
    } while (cursor)
    expect(seen).toEqual(people.map(({ accountId }) => accountId))
    const all = await own.call('GET', '/v1/operator/accounts?query=', { as: token })
    expect(all.body.data).toHaveLength(7)
    expect(all.body.data[0].closed_at).toBe(own.app.now().toISOString())
  })

  test.each(['limit=0', 'limit=101', 'limit=many', 'cursor=x', `query=${'x'.repeat(321)}`, 'name=x'])(
    '422: %s',
    async (query) => {
      const reply = await find(query)
      expect(reply.status).toBe(422)
      expect(reply.body.errors).toHaveLength(1)
    },
  )
})

describe('getAccountAsOperator', () => {
  test('200: members, grants and timeline, each the newest first', async () => {
    const person = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    const complimentary = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    const reply = await t.call('GET', `/v1/operator/accounts/${person.accountId}`, { as })
    const at = t.app.now().toISOString()
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      id: person.accountId,
      name: 'Engines',
      created_at: at,
      closed_at: null,
      members: [
        {
          user_id: person.userId,
          role: 'owner',
          email: person.email,
          name: 'Ada',
          email_verified: true,
          joined_at: at,
        },
      ],
    })
    expect(reply.body.grants).toHaveLength(2)
    expect(reply.body.grants).toContainEqual({
      id: complimentary,
      source: 'complimentary',
      plan: 'team',
      from: at,
      until: null,
      reason: 'Agreed with sales',
    })
    const actions = reply.body.timeline.flatMap(({ action }: { action?: string }) => action ?? [])
    expect(actions).toContain('account.created')
    expect(actions[0]).toBe('grant.given')
  })

  test('200: what it is on now and why, as it is shown itself', async () => {
    const person = await register(t)
    const path = `/v1/operator/accounts/${person.accountId}`
    const read = async () => (await t.call('GET', path, { as })).body
    expect(await read()).toMatchObject({ plan: 'pro', reason: 'trial', status: 'trialing' })
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    expect(await read()).toMatchObject({ plan: 'team', reason: 'complimentary', status: 'complimentary' })
    await t.app.pool.query('update grants set until_at = from_at where account_id = $1', [person.accountId])
    expect(await read()).toMatchObject({ plan: 'free', reason: 'never-subscribed', status: 'none' })
  })

  test('200: what Stripe holds of it, the newest subscription first', async () => {
    const person = await register(t)
    const read = async () =>
      (await t.call('GET', `/v1/operator/accounts/${person.accountId}`, { as })).body as Record<
        string,
        unknown
      >
    expect(await read()).toMatchObject({ stripe_customer_id: null, subscriptions: [] })
    const former = await mirrored(t, person.accountId, {
      status: 'canceled',
      plan: null,
      is_shown: false,
      created_at: '2026-01-01T00:00:00Z',
    })
    const current = await mirrored(t, person.accountId, {
      status: 'past_due',
      current_period_end: '2100-01-01T00:00:00.000Z',
      past_due_since: '2026-02-01T00:00:00.000Z',
      cancel_at: '2101-01-01T00:00:00.000Z',
    })
    const { stripe_customer_id, subscriptions } = await read()
    expect(stripe_customer_id).toBe(current.customer)
    expect(subscriptions).toEqual([
      {
        id: current.id,
        status: 'past_due',
        plan: 'pro',
        interval: 'month',
        quantity: 1,
        current_period_end: '2100-01-01T00:00:00.000Z',
        cancel_at_period_end: false,
        cancel_at: '2101-01-01T00:00:00.000Z',
        past_due_since: '2026-02-01T00:00:00.000Z',
        shown: true,
      },
      expect.objectContaining({ id: former.id, status: 'canceled', plan: null, shown: false }),
    ])
    const gone = 'update stripe_customers set deleted_at = $2 where stripe_customer_id = $1'
    await t.app.pool.query(gone, [current.customer, t.app.now()])
    expect(await read()).toMatchObject({ stripe_customer_id: null })
  })

  test('404: no such account', async () => {
    const reply = await t.call('GET', `/v1/operator/accounts/${randomUUID()}`, { as })
    expect(reply.status).toBe(404)
  })
  test('422: no id', async () => {
    const reply = await t.call('GET', '/v1/operator/accounts/mine', { as })
    expect(reply.status).toBe(422)
    expect(reply.body.errors[0].pointer).toBe('#/params/id')
  })
})

describe('what operators look at is in the trail, without what they searched for', () => {
  test('searching, reading an account, reading the trail', async () => {
    const person = await register(t)
    await words(person.email)
    await t.call('GET', `/v1/operator/accounts/${person.accountId}`, { as })
    await t.call('GET', `/v1/operator/audit?user_id=${person.userId}`, { as })
    const trail = await t.call('GET', '/v1/operator/audit?limit=3', { as })
    const { id: operatorId } = await operatorOf(t)
    expect(trail.body.data).toMatchObject([
      { action: 'operator.read-audit', actor_kind: 'operator', details: { user_id: person.userId } },
      {
        action: 'operator.read-account',
        actor_id: operatorId,
        account_id: person.accountId,
        ip: '127.0.0.1',
      },
      { action: 'operator.searched-accounts', actor_id: operatorId, account_id: null, details: {} },
    ])
    expect(trail.text).not.toContain(person.email)
  })

  test('an account’s own timeline stays what happened to it', async () => {
    const person = await register(t)
    await t.settled()
    const read = () => t.call('GET', `/v1/operator/accounts/${person.accountId}`, { as })
    const first = await read()
    expect((await read()).body).toEqual(first.body)
  })
})

describe('who is an operator', () => {
  test('somebody who was removed is nobody from the next request on, until they are added again', async () => {
    const email = newAddress('staff')
    const add = () => inTx(t.app, (tx) => addOperator(tx, systemCaller, { email }, t.app.now()))
    const { id } = await add()
    const token = await t.access.tokens.issueToOperator(id, t.app.now())
    const ask = () => t.call('GET', '/v1/operator/accounts', { as: token }).then(({ status }) => status)
    expect(await ask()).toBe(200)
    await dismiss(t, email)
    expect(await ask()).toBe(401)
    expect(await add()).toEqual({ id })
    expect(await ask()).toBe(200)
  })

  test('403: a user, even an owner', async () => {
    const { accessToken } = await register(t)
    const reply = await t.call('GET', '/v1/operator/accounts', { as: accessToken })
    expect(reply.status).toBe(403)
    expect(reply.body.code).toBe('forbidden')
  })
})

async function operatorOf({ app }: TestApp): Promise<{ id: string }> {
  const { rows } = await app.pool.query<{ id: string }>(
    `select id from operators where email = 'admin@frontgate.example'`,
  )
  const [operator] = rows
  if (!operator) throw new Error('There is no operator')
  return operator
}
