import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { seatsOf, sendInvite } from '../support/invites.ts'
import { newAddress, operatorToken, type Person, register, registerVerified } from '../support/people.ts'
import { DAY_SECONDS, endGrant, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { again, check, consume, standing } from '../support/usage.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

type What = `features/${string}` | `limits/${string}`
const path = (accountId: string, what: What) => `/v1/operator/accounts/${accountId}/${what}`
const set = async (accountId: string, what: What, body: object): Promise<TestReply> =>
  t.call('PUT', path(accountId, what), {
    as: await operatorToken(t),
    body: { reason: 'Agreed with sales', ...body },
  })
const clear = async (accountId: string, what: What): Promise<TestReply> =>
  t.call('DELETE', path(accountId, what), { as: await operatorToken(t), body: { reason: 'A mistake' } })
const guard = ({ accessToken }: Person, feature: string) =>
  t.call('GET', `/v1/forward-auth?feature=${feature}`, { as: accessToken }).then(({ status }) => status)

async function trail(accountId: string, action: string) {
  const query = `account_id=${accountId}&action=${action}`
  const { body } = await t.call('GET', `/v1/operator/audit?${query}`, { as: await operatorToken(t) })
  return body.data
}

async function account(accountId: string) {
  const { body } = await t.call('GET', `/v1/operator/accounts/${accountId}`, { as: await operatorToken(t) })
  return body
}

describe('a feature of its own', () => {
  test('switched off for an account whose plan has it, until an instant', async () => {
    const person = await registerVerified(t)
    expect(await guard(person, 'scripts')).toBe(200)
    const until = instant(t, DAY_SECONDS)
    const reply = await set(person.accountId, 'features/scripts', { value: false, until })
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      name: 'scripts',
      value: false,
      until,
      reason: 'Agreed with sales',
      set_by: expect.stringMatching(/^[0-9a-f-]{36}$/),
      set_at: instant(t),
    })
    expect(await guard(person, 'scripts')).toBe(402)
    expect((await account(person.accountId)).features).toEqual([reply.body])
    await t.advance(DAY_SECONDS - 0.001)
    expect(await guard(await again(t, person), 'scripts')).toBe(402)
    await t.advance(0.001)
    expect(await guard(await again(t, person), 'scripts')).toBe(200)
  })

  test('switched on for one whose plan lacks it, and taken back', async () => {
    const person = await registerVerified(t)
    await t.advance(14 * DAY_SECONDS)
    const later = await again(t, person)
    expect(await guard(later, 'scripts')).toBe(402)
    await set(person.accountId, 'features/scripts', { value: true })
    expect(await guard(later, 'scripts')).toBe(200)
    const cleared = await clear(person.accountId, 'features/scripts')
    expect([cleared.status, cleared.body]).toEqual([200, { name: 'scripts', value: false }])
    expect(await guard(later, 'scripts')).toBe(402)
    expect((await account(person.accountId)).features).toEqual([])
  })
})

describe('a limit of its own', () => {
  test('more than the plan has, until an instant; then what was used stays, and growth is refused', async () => {
    const person = await registerVerified(t)
    const until = instant(t, DAY_SECONDS)
    const reply = await set(person.accountId, 'limits/trees', { value: 300, until })
    expect(reply.body).toMatchObject({ name: 'trees', value: 300, until })
    expect((await consume(t, person, 'trees', 250)).body).toMatchObject({ limit: 300, used: 250 })
    const { body } = await t.call('GET', '/v1/billing/state', { as: person.accessToken })
    expect(body.plan_limits.trees).toBe(300)
    await t.advance(DAY_SECONDS)
    const later = await again(t, person)
    expect(await standing(t, later, 'trees')).toMatchObject({ limit: 100, used: 250, remaining: 0 })
    expect((await consume(t, later, 'trees', 1)).status).toBe(402)
  })

  test('goes on under another plan', async () => {
    const person = await registerVerified(t)
    await set(person.accountId, 'limits/kb_conversions', { value: 60 })
    const grant = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    expect(await standing(t, person, 'kb_conversions')).toMatchObject({ per: 'month', limit: 60 })
    await endGrant(t, grant)
    expect(await standing(t, person, 'kb_conversions')).toMatchObject({ limit: 60 })
    expect((await clear(person.accountId, 'limits/kb_conversions')).body).toEqual({
      name: 'kb_conversions',
      value: 50,
    })
    expect(await standing(t, person, 'kb_conversions')).toMatchObject({ limit: 50 })
  })

  test('of members: the seats, up and down', async () => {
    const person = await registerVerified(t)
    await set(person.accountId, 'limits/members', { value: 1 })
    expect(await seatsOf(t, person)).toMatchObject({ used: 1, limit: 1 })
    const refused = await sendInvite(t, person, newAddress())
    expect(refused).toMatchObject({ status: 402, body: { code: 'seat-limit-reached', limit: 1 } })
    await set(person.accountId, 'limits/members', { value: 7 })
    for (let i = 0; i < 6; i++) expect((await sendInvite(t, person, newAddress())).status).toBe(201)
    expect((await sendInvite(t, person, newAddress())).status).toBe(402)
    await set(person.accountId, 'limits/members', { value: null })
    expect((await sendInvite(t, person, newAddress())).status).toBe(201)
    expect(await seatsOf(t, person)).toMatchObject({ pending: 7, limit: null })
    const { body } = await check(t, person, { limit: 'members', amount: 1000 })
    expect(body).toMatchObject({ reason: 'unlimited', used: 8 })
  })
})

test('one override per name: a second takes the place of the first, and the trail has old and new', async () => {
  const { accountId } = await register(t)
  const until = instant(t, DAY_SECONDS)
  await set(accountId, 'limits/trees', { value: 5, until })
  await set(accountId, 'limits/trees', { value: null, reason: 'They asked nicely' })
  expect((await account(accountId)).limits).toMatchObject([
    { name: 'trees', value: null, until: null, reason: 'They asked nicely' },
  ])
  await clear(accountId, 'limits/trees')
  const { rows } = await t.app.pool.query('select id from operators')
  expect(await trail(accountId, 'limit.set')).toMatchObject([
    {
      actor_kind: 'operator',
      actor_id: rows[0].id,
      details: {
        limit: 'trees',
        before: { value: 5, until },
        after: { value: null, until: null },
        reason: 'They asked nicely',
      },
    },
    { details: { limit: 'trees', before: null, after: { value: 5, until }, reason: 'Agreed with sales' } },
  ])
  expect(await trail(accountId, 'limit.cleared')).toMatchObject([
    { details: { limit: 'trees', before: { value: null, until: null }, after: null, reason: 'A mistake' } },
  ])
})

test('taking back what is not there says what the account has, and leaves no line in the trail', async () => {
  const { accountId } = await register(t)
  expect((await clear(accountId, 'limits/trees')).body).toEqual({ name: 'trees', value: 100 })
  expect((await clear(accountId, 'features/scripts')).body).toEqual({ name: 'scripts', value: true })
  expect(await trail(accountId, 'limit.cleared')).toEqual([])
})

describe('refused', () => {
  test('404: no such account, no such name', async () => {
    const { accountId } = await register(t)
    const calls: [string, What, unknown][] = [
      [randomUUID(), 'features/scripts', true],
      [randomUUID(), 'limits/trees', 1],
      [accountId, 'features/trees', true],
      [accountId, 'limits/scripts', 1],
      [accountId, 'features/constructor', true],
      [accountId, 'limits/constructor', 1],
    ]
    for (const [id, what, value] of calls) {
      expect((await set(id, what, { value })).status, what).toBe(404)
      expect((await clear(id, what)).status, what).toBe(404)
    }
  })

  test.each<[string, What, object, string]>([
    ['an end that is past', 'limits/trees', { value: 1, until: '2020-01-01T00:00:00Z' }, '#/until'],
    [
      'an end that is no instant',
      'features/scripts',
      { value: true, until: '2100-06-30T23:59:60Z' },
      '#/until',
    ],
    ['less than nothing', 'limits/trees', { value: -1 }, '#/value'],
    ['half a tree', 'limits/trees', { value: 1.5 }, '#/value'],
    ['a number for a switch', 'features/scripts', { value: 1 }, '#/value'],
    ['no reason', 'limits/trees', { value: 1, reason: ' ' }, '#/reason'],
  ])('422: %s', async (_name, what, body, pointer) => {
    const { accountId } = await register(t)
    const reply = await set(accountId, what, body)
    expect(reply.status).toBe(422)
    for (const error of reply.body.errors) expect(error.pointer).toBe(pointer)
    expect((await account(accountId)).limits).toEqual([])
  })

  test('the end may be now at the earliest plus a moment', async () => {
    const { accountId } = await register(t)
    expect((await set(accountId, 'limits/trees', { value: 1, until: instant(t) })).status).toBe(422)
    expect((await set(accountId, 'limits/trees', { value: 1, until: instant(t, 0.001) })).status).toBe(200)
  })
})

test('a limit that an account has its own value of is not removed from the catalogue', async () => {
  const { accountId } = await register(t)
  await set(accountId, 'limits/trees', { value: 5 })
  const shipped = await readCatalogueFile(t.app.config.catalogueFile)
  const plans = shipped.plans.map(({ limits: { trees, ...limits }, ...plan }) => ({ ...plan, limits }))
  const apply = () => inTx(t.app, (tx) => applyCatalogue(tx, { ...shipped, plans }, t.app.now()))
  await expect(apply()).rejects.toThrow(/value of trees.*0 gives nothing/)
  await clear(accountId, 'limits/trees')
  expect(await standing(t, await register(t), 'trees')).toMatchObject({ limit: 100 })
})
