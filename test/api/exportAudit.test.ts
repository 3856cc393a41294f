import { afterAll, beforeAll, expect, test } from 'vitest'
import { newOperator, signInOperator } from '../support/operators.ts'
import { operatorToken, register, registerVerified } from '../support/people.ts'
import { giveGrant, instant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let as: string
beforeAll(async () => {
  t = await startTestApp()
  as = await operatorToken(t)
})
afterAll(() => t.close())

type Query = Record<string, string>
const list = (query: Query) => t.call('GET', `/v1/operator/audit?${new URLSearchParams(query)}`, { as })
const download = (query: Query) =>
  t.call('GET', `/v1/operator/audit/export?${new URLSearchParams(query)}`, { as })
const actionsOf = (reply: { body: { data: { action: string }[] } }) =>
  reply.body.data.map(({ action }) => action)
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

test('the trail is filtered by how an action begins, by who did it, and by when', async () => {
  const person = await registerVerified(t)
  await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
  const account_id = person.accountId
  expect(actionsOf(await list({ account_id, action: 'grant.' }))).toEqual(['grant.given'])
  expect(actionsOf(await list({ account_id, action: 'grant' }))).toEqual([])
  expect(new Set(actionsOf(await list({ account_id, actor_kind: 'operator' })))).toEqual(
    new Set(['grant.given']),
  )
  const byThem = await list({ actor_kind: 'user', actor_id: person.userId })
  for (const entry of byThem.body.data) expect(entry.actor_id).toBe(person.userId)

  const before = instant(t)
  t.moveClock(60)
  const other = await register(t)
  const since = await list({ user_id: other.userId, from: before })
  expect(actionsOf(since)).toContain('user.registered')
  expect(actionsOf(await list({ user_id: other.userId, until: before }))).toEqual([])
  const odd = await list({ from: instant(t), until: before })
  expect(odd.status).toBe(422)
  expect(odd.body.errors[0].pointer).toBe('#/query/until')
})

test('operators are told by their address, those who did something and those to whom it was done', async () => {
  const email = await newOperator(t, 'support')
  const { body } = await signInOperator(t, email)
  const change = { role: 'read', reason: 'Only looks from now on' }
  await t.call('PATCH', `/v1/operator/operators/${body.operator.id}`, { as, body: change })
  const { data } = (await list({ operator: email })).body
  expect(data.map((e: Record<string, unknown>) => [e.action, e.actor_email, e.operator_email])).toEqual([
    ['operator.role-changed', 'admin@frontgate.example', email],
    ['operator.signed-in', email, null],
    ['operator.link-requested', null, email],
    ['operator.added', null, email],
  ])
  expect(data[0].details).toMatchObject({ before: 'support', role: 'read', reason: change.reason })
})

test('the export holds what the list shows, in both forms, and is noted itself', async () => {
  const { accountId: account_id } = await registerVerified(t)
  const reason = '=1+1, "quoted"'
  const body = { source: 'complimentary', plan: 'team', reason }
  await t.call('POST', `/v1/operator/accounts/${account_id}/grants`, { as, body })
  const listed = (await list({ account_id, limit: '100' })).body.data
  const jsonl = await download({ account_id, format: 'jsonl' })
  expect(jsonl.headers['content-type']).toBe('application/x-ndjson')
  expect(jsonl.headers['content-disposition']).toBe('attachment; filename="audit.jsonl"')
  // Reading the list was noted about this account meanwhile.
  expect(linesOf(jsonl.text).filter(({ action }) => !action.startsWith('operator.'))).toEqual(
    listed.filter(({ action }: { action: string }) => !action.startsWith('operator.')),
  )
  const csv = await download({ account_id, action: 'grant.' })
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
  const [names, first] = csv.text.split('\r\n')
  expect(names).toBe(
    '\ufeffid,at,action,actor_kind,actor_id,actor_email,account_id,user_id,operator_email,details,ip,user_agent,request_id',
  )
  expect(first).toContain(',grant.given,operator,')
  expect(first).toContain(',admin@frontgate.example,')
  const { rows } = await t.app.pool.query(
    `select details from audit_log where action = 'operator.exported-audit' order by at desc, id desc limit 1`,
  )
  expect(rows[0].details).toEqual({ account_id, action: 'grant.', format: 'csv' })
})

test('an export goes on beyond one reading, each entry once, and none of what came after it began', async () => {
  const { userId } = await register(t)
  await t.app.pool.query(
    `insert into audit_log (id, at, action, actor_kind, user_id, details)
     select gen_random_uuid(), $2::timestamptz - i * interval '1 ms', 'test.filled', 'system', $1, '{}'
     from generate_series(1, 2500) i`,
    [userId, t.app.now()],
  )
  const { text } = await download({ user_id: userId, action: 'test.filled', format: 'jsonl' })
  const lines = linesOf(text)
  expect(lines).toHaveLength(2500)
  expect(new Set(lines.map(({ id }) => id)).size).toBe(2500)
  const instants = lines.map(({ at }) => at)
  expect(instants).toEqual([...instants].sort().reverse())
})

test('asking for the head of an export reads nothing', async () => {
  const { status, text } = await t.call('HEAD', '/v1/operator/audit/export', { as })
  expect([status, text]).toEqual([200, ''])
})
