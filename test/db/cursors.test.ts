import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Person, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const list = ({ accessToken }: Person, query: string) =>
  t.call('GET', `/v1/accounts?${query}`, { as: accessToken })
const create = ({ accessToken }: Person, name: string) =>
  t.call('POST', '/v1/accounts', { as: accessToken, body: { name } })

/** Somebody with this many accounts, all of them created at the same instant. */
async function withAccounts(count: number): Promise<Person> {
  const person = await register(t)
  for (let i = 1; i < count; i++) await create(person, `Account ${i}`)
  return person
}

async function readAll(person: Person, limit: number, between = async () => {}): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | null = null
  do {
    const { status, body } = await list(person, `limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`)
    expect(status).toBe(200)
    pages.push(body.data.map(({ id }: { id: string }) => id))
    cursor = body.next_cursor
    await between()
  } while (cursor)
  return pages
}

describe('the pages of a list', () => {
  test.for([
    [7, 3, [3, 3, 1]],
    [6, 3, [3, 3]],
    [6, 6, [6]],
    [6, 7, [6]],
    [4, 1, [1, 1, 1, 1]],
  ] as const)(
    'have each row once, also where all have one time (%i by %i)',
    async ([count, limit, lengths], { expect }) => {
      const person = await withAccounts(count)
      const pages = await readAll(person, limit)
      expect(pages.map(({ length }) => length)).toEqual(lengths)
      expect(new Set(pages.flat()).size).toBe(count)
      const [whole = []] = await readAll(person, 100)
      expect(pages.flat()).toEqual(whole)
    },
  )

  test('have each row once also while others are added and removed', async () => {
    const person = await withAccounts(6)
    const [before = []] = await readAll(person, 100)
    const [last = ''] = before.slice(-1)
    let added = 0
    const pages = await readAll(person, 2, async () => {
      await t.advance(1)
      await create(person, `Added ${added++}`)
      await t.app.db.updateTable('accounts').set({ closed_at: t.app.now() }).where('id', '=', last).execute()
    })
    expect(pages.flat()).toEqual(before.filter((id) => id !== last))
  })

  test('of nothing are one empty page', async () => {
    const person = await register(t)
    await t.app.db.deleteFrom('members').where('user_id', '=', person.userId).execute()
    expect((await list(person, '')).body).toEqual({ data: [], next_cursor: null })
  })
})

describe('a cursor', () => {
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  const id = '0198c0de-0000-7000-8000-000000000000'

  test.for([
    'nonsense',
    '%FF',
    encode(''),
    encode('0'),
    encode(`0 ${id.slice(1)}`),
    encode(`x ${id}`),
    encode(` ${id}`),
    encode(`-8640000000000000 ${id}`),
    encode(`8640000000000000 ${id}`),
    encode(`1e300 ${id}`),
    encode(`0x10 ${id}`),
    encode(`1.5 ${id}`),
    encode(`0 ${id} more`),
    encode(`0 ${id}' or true`),
  ])('that is none is refused and says where it stood (%#)', async (cursor, { expect }) => {
    const person = await register(t)
    const { status, body } = await list(person, `cursor=${cursor}`)
    expect([status, body.code]).toEqual([422, 'invalid-request'])
    expect(body.errors[0].pointer).toBe('#/query/cursor')
  })

  test('of somebody else shows nothing of theirs', async () => {
    const [ada, bob] = [await withAccounts(3), await withAccounts(3)]
    const { body } = await list(ada, 'limit=1')
    const theirs = await list(bob, `cursor=${body.next_cursor}`)
    const [own = []] = await readAll(bob, 100)
    for (const account of theirs.body.data) expect(own).toContain(account.id)
  })
})
