import { createHmac } from 'node:crypto'
import type { WebhookEvent } from '@frontgate/client/webhooks'
import { sql } from 'kysely'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import { readCatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { newMember } from '../support/invites.ts'
import { changeRole, removeMember } from '../support/members.ts'
import { type Person, register, registerVerified } from '../support/people.ts'
import { DAY_SECONDS, endGrant, giveGrant, instant, setOverride } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { deliveriesOf, listen, webhookCall } from '../support/webhooks.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const typesOf = (events: WebhookEvent[]) => events.map(({ type }) => type)
const aboutAccount = (events: WebhookEvent[], { accountId }: Person) =>
  events.filter(({ data }) => 'account_id' in data && data.account_id === accountId)
const versionsIn = (events: WebhookEvent[]) =>
  events.flatMap(({ data }) => ('version' in data ? [data.version] : []))
const changesIn = (events: WebhookEvent[]) =>
  events.flatMap((event) => (event.type === 'entitlements.changed' ? [event.data] : []))

describe('a message', () => {
  test('is signed as Standard Webhooks says, over its very bytes', async () => {
    const product = await listen(t)
    await register(t)
    await t.settled()
    const [first] = product.received
    const { headers, body } = first ?? { headers: {}, body: '' }
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
    expect(new Webhook(product.secret).verify(body, headers)).toEqual(JSON.parse(body))
    expect(product.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const key = Buffer.from(product.secret.slice('whsec_'.length), 'base64')
    const byHand = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    expect(signature).toBe(`v1,${byHand}`)
    expect(id).toMatch(/^msg_[0-9a-z]+$/)
    expect(headers['content-type']).toBe('application/json')
  })

  test('holds ids, names of accounts and words, and no address', async () => {
    const product = await listen(t)
    const person = await registerVerified(t, { name: 'Ada', account_name: 'Engines' })
    await newMember(t, person)
    await t.settled()
    for (const { body } of product.received) expect(body).not.toContain('@')
  })
})

describe('whoever listens is told', () => {
  test('an account from its creation to its deletion, each message with a higher version', async () => {
    const product = await listen(t)
    const person = await registerVerified(t, { account_name: 'Engines' })
    const { accountId, userId, accessToken: as } = person
    await t.call('PATCH', '/v1/accounts/me', { as, body: { name: 'Difference Engines' } })
    await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Difference Engines' } })
    await t.settled()
    await t.call('POST', `/v1/accounts/${accountId}/reopen`, { as })
    await t.settled()
    await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Difference Engines' } })
    const closedAt = instant(t)
    await t.settled()
    await t.advance(30 * DAY_SECONDS)

    const events = aboutAccount(await product.told(), person)
    const told = events.filter(({ type }) => type.startsWith('account.'))
    expect(typesOf(told).filter((type) => type !== 'account.updated')).toEqual([
      'account.created',
      'account.closed',
      'account.reopened',
      'account.closed',
      'account.deleted',
    ])
    const versions = versionsIn(events)
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
    expect(told[0]?.data).toMatchObject({ account_id: accountId, name: expect.stringContaining('Engines') })
    expect(told.at(-2)?.data).toMatchObject({ closed_at: closedAt })
    expect(told.at(-1)?.data).toEqual({ account_id: accountId, version: versions.at(-1) })
    expect(events.find(({ type }) => type === 'member.added')?.data).toMatchObject({
      user_id: userId,
      role: 'owner',
    })
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })

  test('a new name, with the one before', async () => {
    const person = await register(t, { account_name: 'Engines' })
    const product = await listen(t)
    const { accessToken: as } = person
    await t.call('PATCH', '/v1/accounts/me', { as, body: { name: 'Difference Engines' } })
    const events = await product.told()
    expect(events).toMatchObject([
      { type: 'account.updated', data: { name: 'Difference Engines', old_name: 'Engines' } },
    ])
  })

  test('who comes, has another role, and goes', async () => {
    const ada = await registerVerified(t)
    const product = await listen(t, {
      events: ['member.added', 'member.removed', 'member.role_changed'],
    })
    const bob = await newMember(t, ada)
    await t.settled()
    await changeRole(t, ada, bob, 'viewer')
    await t.settled()
    await removeMember(t, ada, bob)
    const user_id = bob.userId
    const about = aboutAccount(await product.told(), ada).map(({ type, data }) => ({ type, data }))
    expect(about).toMatchObject([
      { type: 'member.added', data: { user_id, role: 'member' } },
      { type: 'member.role_changed', data: { user_id, role: 'viewer', old_role: 'member' } },
      { type: 'member.removed', data: { user_id, old_role: 'viewer' } },
    ])
  })

  test('a grant and an override, as entitlements were and are', async () => {
    const person = await register(t)
    const product = await listen(t)
    const grant = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    await t.settled()
    await setOverride(t, person.accountId, 'limits/trees', 7, instant(t, DAY_SECONDS))
    await t.settled()
    await endGrant(t, grant)
    const [given, set, ended] = changesIn(await product.told())
    expect(given).toMatchObject({
      account_id: person.accountId,
      old: { plan: 'pro', reason: 'trial', source: 'trial', status: 'trialing' },
      new: {
        plan: 'team',
        reason: 'complimentary',
        source: 'complimentary',
        status: 'complimentary',
        until: null,
      },
    })
    expect(set?.old).toEqual(given?.new)
    expect(set?.new.limits.trees).toEqual({ per: null, limit: 7 })
    expect(ended?.new).toMatchObject({ plan: 'pro', source: 'trial', limits: { trees: { limit: 7 } } })
  })

  test('what time alone changes: the end of an override and of a trial', async () => {
    const person = await register(t)
    await setOverride(t, person.accountId, 'features/scripts', false, instant(t, DAY_SECONDS))
    const product = await listen(t)
    await t.advance(DAY_SECONDS)
    await t.advance(13 * DAY_SECONDS)
    const changes = changesIn(aboutAccount(await product.told(), person))
    expect(changes).toMatchObject([
      { old: { features: { scripts: false } }, new: { plan: 'pro', features: { scripts: true } } },
      {
        old: { plan: 'pro', source: 'trial', until: instant(t) },
        new: { plan: 'free', reason: 'trial-expired', source: null, status: 'trial_expired', until: null },
      },
    ])
    await t.advance(DAY_SECONDS)
    expect(changesIn(aboutAccount(await product.told(), person))).toHaveLength(2)
  })

  test('under versions that go on growing where the last endpoint was deleted and another one added', async () => {
    const { accountId } = await register(t)
    const first = await listen(t)
    await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
    const [before = Number.NaN] = versionsIn(await first.told())
    await webhookCall(t, 'DELETE', `endpoints/${first.id}`, { reason: 'Moved' })
    const second = await listen(t)
    await setOverride(t, accountId, 'limits/trees', 7, instant(t, DAY_SECONDS))
    const [after] = versionsIn(await second.told())
    expect(after).toBeGreaterThan(before)
  })

  test('all at once of more members than fit into one statement', async () => {
    const { accountId } = await register(t)
    const products = [await listen(t), await listen(t)]
    for (const { id } of products) await webhookCall(t, 'PATCH', `endpoints/${id}`, { enabled: false })
    await t.settled()
    await t.app.pool.query(
      `with come as (
         insert into users (id, email, created_at)
         select gen_random_uuid(), i || '@many.example', now() from generate_series(1, 4200) i returning id
       ), joined as (
         insert into members (account_id, user_id, role, created_at) select $1::uuid, id, 'member', now() from come
       )
       insert into changes (subjects) values (array['account:' || $1::text])`,
      [accountId],
    )
    await t.sweep()
    const { rows } = await sql`select count(*)::int as count from webhook_deliveries`.execute(t.app.db)
    expect(rows).toEqual([{ count: 2 * 4200 }])
  })

  test('a change of the catalogue, for every account that it changes', async () => {
    const people = [await register(t), await register(t)]
    const product = await listen(t)
    const shipped = await readCatalogueFile(t.app.config.catalogueFile)
    const apply = (file: typeof shipped) => inTx(t.app, (tx) => applyCatalogue(tx, file, t.app.now()))
    const plans = shipped.plans.map((plan) =>
      plan.plan === 'pro' ? { ...plan, limits: { ...plan.limits, trees: 123 } } : plan,
    )
    await apply({ ...shipped, plans })
    const events = await product.told()
    for (const person of people) {
      expect(changesIn(aboutAccount(events, person))).toMatchObject([
        { old: { limits: { trees: { limit: 100 } } }, new: { limits: { trees: { limit: 123 } } } },
      ])
    }
    await apply(shipped)
    await t.settled()
  })
})

describe('nobody is told', () => {
  test('of accounts that were there before, of what stays as it is, or twice of one change', async () => {
    const person = await register(t)
    const product = await listen(t)
    await t.call('PATCH', '/v1/me', { as: person.accessToken, body: { name: 'Ada' } })
    await t.sweep()
    expect(await product.told()).toEqual([])
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    await t.sweep()
    await t.sweep()
    expect(typesOf(await product.told())).toEqual(['entitlements.changed'])
  })

  test('of types that the endpoint does not ask for', async () => {
    const product = await listen(t, { events: ['account.created'] })
    await register(t)
    expect(typesOf(await product.told())).toEqual(['account.created'])
  })

  test('anything where there is no endpoint: no row is written', async () => {
    await register(t)
    await t.sweep()
    for (const table of ['webhook_told', 'webhook_messages', 'webhook_deliveries'] as const) {
      expect(await t.app.db.selectFrom(table).selectAll().execute()).toEqual([])
    }
  })

  test('a second endpoint hears of the same changes as the first, from its creation on', async () => {
    const first = await listen(t)
    const person = await register(t)
    await t.settled()
    const second = await listen(t)
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    const [old, news] = [await first.told(), await second.told()]
    expect(typesOf(news)).toEqual(['entitlements.changed'])
    expect(news[0]?.id).toBe(old.at(-1)?.id)
  })
})

describe('a change of which no process has heard', () => {
  test('is found in the table of changes', async () => {
    const { accountId } = await register(t)
    const product = await listen(t)
    await t.app.pool.query(
      `with renamed as (update accounts set name = 'Behind the back' where id = $1)
       insert into changes (subjects) values (array['account:' || $1])`,
      [accountId],
    )
    await t.settled()
    expect(product.received).toEqual([])
    await t.sweep()
    expect(await product.told()).toMatchObject([
      { type: 'account.updated', data: { name: 'Behind the back' } },
    ])
  })

  test.each([
    ['the table was not read for long', sql`looked_at = looked_at - interval '1 day'`],
    ['ids of transactions have begun anew', sql`xid = (xid::text::bigint + 1000000)::text::xid8`],
  ])('is found by looking at all accounts, where %s', async (name, happened) => {
    const { accountId } = await register(t)
    const product = await listen(t)
    // What registering noted is looked at before, and is no reason to look again.
    await t.sweep()
    await t.settled()
    await t.app.pool.query('update accounts set name = $2 where id = $1', [accountId, name])
    await t.sweep()
    expect(await product.told()).toEqual([])
    await sql`update webhook_watch set ${happened}`.execute(t.app.db)
    await t.sweep()
    expect(await product.told()).toMatchObject([{ type: 'account.updated', data: { name } }])
  })
})

test('a transaction that lasts for most of a day does not keep what it holds up from being told', async () => {
  const { accountId } = await register(t)
  const product = await listen(t)
  const holdsUp = await t.app.pool.connect()
  onTestFinished(async () => {
    await holdsUp.query('rollback')
    holdsUp.release()
  })
  await holdsUp.query('begin')
  await holdsUp.query('select pg_current_xact_id()')
  await t.sweep()
  await t.app.pool.query("update accounts set name = 'Held up' where id = $1", [accountId])
  for (const _half of [1, 2]) {
    await sql`update webhook_watch set looked_at = looked_at - interval '7 hours'`.execute(t.app.db)
    await t.sweep()
  }
  expect(await product.told()).toMatchObject([{ type: 'account.updated', data: { name: 'Held up' } }])
})

test('a purge leaves of an account only the message that it is deleted', async () => {
  await listen(t)
  const person = await registerVerified(t, { account_name: 'Gone' })
  await t.call('DELETE', '/v1/accounts/me', { as: person.accessToken, body: { confirm: 'Gone' } })
  await t.settled()
  await t.advance(30 * DAY_SECONDS)
  const deliveries = await deliveriesOf(t, { account_id: person.accountId })
  expect(deliveries.map(({ type, state }) => [type, state])).toEqual([['account.deleted', 'delivered']])
  const { rows } = await sql`select from webhook_told where account_id = ${person.accountId}`.execute(
    t.app.db,
  )
  expect(rows).toEqual([])
})
