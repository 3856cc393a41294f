import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Person, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const switchTo = (accountId: unknown, as?: string) =>
  t.call('POST', '/v1/auth/switch-account', { body: { account_id: accountId }, ...(as && { as }) })

async function createAccount({ accessToken }: Person, name: string): Promise<string> {
  const { body } = await t.call('POST', '/v1/accounts', { as: accessToken, body: { name } })
  return body.id
}

describe('200', () => {
  test('the session goes on in the other account, and stays there when it is refreshed', async () => {
    const person = await register(t)
    const second = await createAccount(person, 'Second')
    const reply = await switchTo(second, person.accessToken)
    expect(reply.status).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.body).toMatchObject({
      token_type: 'Bearer',
      account: { id: second, name: 'Second', role: 'owner' },
      user: { id: person.userId },
    })
    expect(reply.body).not.toHaveProperty('refresh_token')
    expect(reply.body.accounts).toHaveLength(2)
    const current = await t.call('GET', '/v1/accounts/me', { as: reply.body.access_token })
    expect(current.body.id).toBe(second)
    const body = { refresh_token: person.refreshToken }
    const refreshed = await t.call('POST', '/v1/auth/refresh', { body })
    expect(refreshed.body.account.id).toBe(second)
    const [entry] = await trailOf(t, person.userId)
    expect(entry).toMatchObject({
      action: 'session.switched-account',
      actor_id: person.userId,
      account_id: second,
    })
  })

  test('switching to the account one is in is harmless', async () => {
    const person = await register(t)
    expect((await switchTo(person.accountId, person.accessToken)).body.account.id).toBe(person.accountId)
  })

  test('a token of before still speaks for the account it was made for', async () => {
    const person = await register(t)
    await switchTo(await createAccount(person, 'Second'), person.accessToken)
    const current = await t.call('GET', '/v1/accounts/me', { as: person.accessToken })
    expect(current.body.id).toBe(person.accountId)
  })

  test('from an account that was closed one gets to another one', async () => {
    const person = await register(t, { account_name: 'First' })
    const second = await createAccount(person, 'Second')
    await t.call('DELETE', '/v1/accounts/me', { as: person.accessToken, body: { confirm: 'First' } })
    const reply = await switchTo(second, person.accessToken)
    expect(reply.status).toBe(200)
    expect(reply.body.accounts.map(({ id }: { id: string }) => id)).toEqual([second])
  })
})

describe('401', () => {
  test('without an access token', async () => {
    expect((await switchTo((await register(t)).accountId)).status).toBe(401)
  })
})

describe('404', () => {
  test('an account of others, a closed one and one that never was are told apart by nobody', async () => {
    const person = await register(t)
    const closed = await createAccount(person, 'Closed')
    const { body } = await switchTo(closed, person.accessToken)
    await t.call('DELETE', '/v1/accounts/me', { as: body.access_token, body: { confirm: 'Closed' } })
    const answers = []
    for (const id of [(await register(t)).accountId, closed, '019ca000-0000-7000-8000-000000000000']) {
      const reply = await switchTo(id, person.accessToken)
      answers.push({ status: reply.status, body: { ...reply.body, instance: null } })
    }
    expect(answers[0]).toMatchObject({ status: 404, body: { code: 'not-found' } })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })
})

describe('422', () => {
  test.each([undefined, null, 'mine', ['019ca000-0000-7000-8000-000000000000'], 7])(
    '%j is no account',
    async (id) => {
      expect((await switchTo(id, (await register(t)).accessToken)).status).toBe(422)
    },
  )
})
