import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operatorToken, type Person, register, registerVerified, signIn } from '../support/people.ts'
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
  action: string
  account_id: string | null
  user_id: string | null
}

async function list(query = ''): Promise<{ data: Entry[]; next_cursor: string | null }> {
  const reply = await t.call('GET', `/v1/operator/audit?${query}`, { as })
  expect(reply.status).toBe(200)
  return reply.body
}

/** Registers somebody and has a few more things happen to them, at different times. */
async function busyPerson(): Promise<Person> {
  const person = await registerVerified(t)
  await t.advance(1)
  await signIn(t, person.email, 'a wrong password')
  await t.advance(1)
  await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
  return person
}

describe('200', () => {
  test('an entry says what, when, by whom, to whom and from where', async () => {
    const person = await register(t)
    const { data } = await list(`user_id=${person.userId}&action=user.registered`)
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        at: t.app.now().toISOString(),
        action: 'user.registered',
        actor_kind: 'anyone',
        actor_id: null,
        actor_email: null,
        operator_email: null,
        account_id: null,
        user_id: person.userId,
        details: { trial: true },
        ip: '127.0.0.1',
        user_agent: 'test',
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ])
  })

  test('filters by user, by account and by action, alone and together', async () => {
    const person = await busyPerson()
    await busyPerson()
    const ofUser = await list(`user_id=${person.userId}`)
    expect(new Set(ofUser.data.map(({ user_id }) => user_id))).toEqual(new Set([person.userId]))
    expect(ofUser.data[0]?.action).toBe('sign-in.refused')
    const ofAccount = await list(`account_id=${person.accountId}`)
    expect(ofAccount.data[0]?.action).toBe('grant.given')
    expect(new Set(ofAccount.data.map(({ account_id }) => account_id))).toEqual(new Set([person.accountId]))
    const refused = await list('action=sign-in.refused')
    expect(refused.data).toHaveLength(2)
    expect(await list(`user_id=${person.userId}&action=sign-in.refused`)).toMatchObject({
      data: [{ action: 'sign-in.refused' }],
    })
    expect(await list(`account_id=${person.accountId}&action=sign-in.refused`)).toEqual({
      data: [],
      next_cursor: null,
    })
  })

  test('pages through a filter: every entry once, the newest first, though new ones arrive meanwhile', async () => {
    const person = await busyPerson()
    const { data: all } = await list(`user_id=${person.userId}`)
    const seen: Entry[] = []
    let query = `user_id=${person.userId}&limit=2`
    for (;;) {
      const page = await list(query)
      seen.push(...page.data)
      await signIn(t, person.email, 'another wrong password')
      if (!page.next_cursor) break
      query = `user_id=${person.userId}&limit=2&cursor=${page.next_cursor}`
    }
    expect(seen).toEqual(all)
    const times = seen.map(({ at }) => Date.parse(at))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
  })

  test('a page that ends with the last entry has no next one', async () => {
    const person = await register(t)
    const { data } = await list(`user_id=${person.userId}`)
    const page = await list(`user_id=${person.userId}&limit=${data.length}`)
    expect(page.data).toHaveLength(data.length)
    expect(page.next_cursor).toBeNull()
  })
})

describe('422', () => {
  test.each(['user_id=ada', 'account_id=1', 'limit=0', 'limit=1000', 'cursor=!', 'actor=me'])(
    '%s',
    async (query) => {
      const reply = await t.call('GET', `/v1/operator/audit?${query}`, { as })
      expect(reply.status).toBe(422)
      expect(reply.body.errors[0].pointer).toBe(`#/query/${query.split('=')[0]}`)
    },
  )
})
