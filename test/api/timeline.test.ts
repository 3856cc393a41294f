import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTx, type Tx } from '../../src/db/transaction.ts'
import { readTimeline } from '../../src/operators/listTimeline.ts'
import { inInbox } from '../support/inbox.ts'
import { newMember } from '../support/invites.ts'
import { customerOf } from '../support/mirrored.ts'
import { operatorToken, type Person, register, registerVerified } from '../support/people.ts'
import { giveGrant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let as: string
beforeAll(async () => {
  t = await startTestApp()
  as = await operatorToken(t)
})
afterAll(() => t.close())

interface Entry {
  id: string
  at: string
  kind: string
  [member: string]: unknown
}

const read = async ({ accountId }: Person, query = '') =>
  (await t.call('GET', `/v1/operator/accounts/${accountId}/timeline?${query}`, { as })).body as {
    data: Entry[]
    next_cursor: string | null
  }

test('the trail, mails, grants and events at Stripe of an account, and of nobody else', async () => {
  const person = await registerVerified(t)
  const stranger = await registerVerified(t)
  await inInbox(t, { stripe_customer_id: await customerOf(t, stranger.accountId) })
  t.moveClock(1)
  const grant = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
  t.moveClock(1)
  const event = await inInbox(t, { stripe_customer_id: await customerOf(t, person.accountId) })
  await t.settled()
  const { data, next_cursor } = await read(person)
  expect(next_cursor).toBeNull()
  const at = t.app.now()
  expect(data[0]).toMatchObject({
    id: event,
    kind: 'stripe-event',
    at: at.toISOString(),
    event_id: event,
    type: expect.any(String),
    status: expect.any(String),
  })
  const given = new Date(at.getTime() - 1000).toISOString()
  expect(data).toContainEqual({
    id: grant,
    at: given,
    kind: 'grant',
    grant_id: grant,
    source: 'complimentary',
    plan: 'team',
    from: given,
    until: null,
    reason: 'Agreed with sales',
  })
  expect(data).toContainEqual(
    expect.objectContaining({
      kind: 'audit',
      action: 'grant.given',
      actor_kind: 'operator',
      details: expect.objectContaining({ grant }),
    }),
  )
  expect(data.filter(({ kind }) => kind === 'mail')).toMatchObject([
    { template: 'verification', status: 'sent', user_id: person.userId },
  ])
  expect(data.filter(({ kind }) => kind === 'stripe-event')).toHaveLength(1)
  const times = data.map((entry) => entry.at)
  expect(times).toEqual(times.toSorted().reverse())
  const { body } = await t.call('GET', `/v1/operator/accounts/${person.accountId}`, { as })
  expect(body.timeline).toEqual(data)
  expect(body.timeline_next).toBeNull()
})

test('page by page every entry once, however many are of one instant', async () => {
  const person = await registerVerified(t)
  await newMember(t, person)
  const customer = await customerOf(t, person.accountId)
  for (let i = 0; i < 4; i++) {
    await inInbox(t, { stripe_customer_id: customer })
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    if (i === 2) t.moveClock(1)
  }
  await t.settled()
  const { data: whole } = await read(person, 'limit=100')
  expect(new Set(whole.map(({ kind }) => kind)).size).toBe(4)
  for (const limit of [1, 3, 7]) {
    const seen: Entry[] = []
    let cursor: string | null = null
    do {
      const page = await read(person, `limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`)
      seen.push(...page.data)
      cursor = page.next_cursor
    } while (cursor)
    expect(seen).toEqual(whole)
  }
})

/** How many mails this connection has read that PostgreSQL has not yet added to those of all. */
async function countReads(tx: Tx): Promise<number> {
  const { rows } = await sql<{ rows: string }>`
    select seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables where relname = 'mail_log'`.execute(
    tx,
  )
  return Number(rows[0]?.rows ?? 0)
}

describe('of an account with many members, whose mails are about no account', () => {
  const [MEMBERS, MAILS] = [120, 30]
  let person: Person
  beforeAll(async () => {
    person = await registerVerified(t)
    await t.settled()
    // Some wrote to each other all day, others once; many mails are of one instant.
    await t.app.pool.query(
      `with people as (
        insert into users (id, email, created_at)
        select gen_random_uuid(), 'many-' || n || '@example.com', $2 from generate_series(1, ${MEMBERS}) n returning id
      ), joined as (
        insert into members (account_id, user_id, role, created_at) select $1, id, 'member', $2 from people
      )
      insert into mail_log (id, template, user_id, status, created_at)
      select gen_random_uuid(), 'password-changed', id, 'sent', $2::timestamptz - (2 + mod(n * n, 11)) * interval '1 second'
      from people, generate_series(1, ${MAILS}) n`,
      [person.accountId, t.app.now()],
    )
  })

  test('page by page every entry once, the newest first', async () => {
    const seen: Entry[] = []
    let cursor: string | null = null
    do {
      const page = await read(person, `limit=100${cursor ? `&cursor=${cursor}` : ''}`)
      seen.push(...page.data)
      cursor = page.next_cursor
    } while (cursor)
    const { rows } = await t.app.pool.query(
      `select m.id from mail_log m join members b on b.user_id = m.user_id
      where b.account_id = $1 order by m.created_at desc, m.id desc`,
      [person.accountId],
    )
    expect(seen.filter(({ kind }) => kind === 'mail').map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
    const times = seen.map((entry) => entry.at)
    expect(times).toEqual(times.toSorted().reverse())
  })

  test('a page reads no more of each than it could show', async () => {
    await t.app.pool.query('analyze mail_log')
    const limit = 10
    const read = await inTx(t.app, async (tx) => {
      const before = await countReads(tx)
      await readTimeline(tx, person.accountId, { limit, after: null })
      return (await countReads(tx)) - before
    })
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThanOrEqual(MEMBERS + limit * limit + 2 * limit)
  })
})

test('an account that has more than is shown with it says how to go on', async () => {
  const person = await register(t)
  const row = `insert into mail_log (id, template, account_id, status, created_at)
    select gen_random_uuid(), 'invite', $1, 'sent', $2 from generate_series(1, 120)`
  await t.app.pool.query(row, [person.accountId, t.app.now()])
  await t.settled()
  const { body } = await t.call('GET', `/v1/operator/accounts/${person.accountId}`, { as })
  expect(body.timeline).toHaveLength(100)
  const rest = await read(person, `limit=100&cursor=${body.timeline_next}`)
  const { rows } = await t.app.pool.query(
    'select count(*) from audit_log where account_id = $1 and action <> $2',
    [person.accountId, 'operator.read-account'],
  )
  // The trail, one grant, one mail that verifies, and those.
  expect(100 + rest.data.length).toBe(Number(rows[0].count) + 122)
  const ids = [...body.timeline, ...rest.data].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('404: no such account; 422: no cursor of this list; and reading is in the trail', async () => {
  const path = (id: string, query = '') => `/v1/operator/accounts/${id}/timeline?${query}`
  expect((await t.call('GET', path(randomUUID()), { as })).status).toBe(404)
  const { accountId } = await register(t)
  expect((await t.call('GET', path(accountId, 'cursor=x'), { as })).status).toBe(422)
  await t.call('GET', path(accountId), { as })
  const { body } = await t.call('GET', `/v1/operator/audit?account_id=${accountId}&limit=2`, { as })
  expect(body.data[0]).toMatchObject({ action: 'operator.read-account' })
})
