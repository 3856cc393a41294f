import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const get = (as?: string) => t.call('GET', '/v1/me', { ...(as && { as }) })
const change = (as: string | undefined, body: object) =>
  t.call('PATCH', '/v1/me', { body, ...(as && { as }) })

describe('200', () => {
  test('the signed-in user, and nothing that is secret about them', async () => {
    const { accessToken, userId, email } = await register(t, { name: 'Ada' })
    const reply = await get(accessToken)
    expect(reply.status).toBe(200)
    const now = t.app.now()
    expect(reply.body).toEqual({
      id: userId,
      email,
      name: 'Ada',
      email_verified: false,
      verification_grace_ends_at: new Date(now.getTime() + 7 * 86_400_000).toISOString(),
      has_password: true,
      created_at: now.toISOString(),
    })
  })

  test('one who is verified has no grace that ends', async () => {
    const { accessToken } = await registerVerified(t)
    expect((await get(accessToken)).body).toMatchObject({
      email_verified: true,
      verification_grace_ends_at: null,
    })
  })

  test('the name is changed for all sessions at once, trimmed, and taken away with null', async () => {
    const { accessToken, email, userId } = await register(t)
    const other = await signIn(t, email)
    expect((await get(other.body.access_token)).body.name).toBeNull()
    for (const [typed, name] of [
      [' Ada Lovelace ', 'Ada Lovelace'],
      ['漢'.repeat(200), '漢'.repeat(200)],
      ['🦄'.repeat(200), '🦄'.repeat(200)],
      ["Robert'); drop table users;--", "Robert'); drop table users;--"],
      [null, null],
    ]) {
      const reply = await change(accessToken, { name: typed })
      expect(reply.status).toBe(200)
      expect(reply.body.name).toBe(name)
      expect((await get(other.body.access_token)).body.name).toBe(name)
    }
    const [entry] = await trailOf(t, userId)
    expect(entry).toMatchObject({ action: 'user.renamed', actor_kind: 'user', actor_id: userId })
  })
})

describe('401', () => {
  test('without an access token', async () => {
    expect((await get()).body.code).toBe('unauthenticated')
    expect((await change(undefined, { name: 'Ada' })).body.code).toBe('unauthenticated')
  })
})

describe('422', () => {
  test.each([
    ['nothing', {}],
    ['an empty name', { name: '' }],
    ['a name of spaces', { name: '  \u00a0 ' }],
    ['a name of two lines', { name: 'Ada\nBcc: all@customer.example' }],
    ['a name with a zero byte', { name: 'Ada\u0000' }],
    ['a name that is too long', { name: 'x'.repeat(201) }],
    ['a list of names', { name: ['Ada'] }],
    ['an address', { email: 'eve@evil.example' }],
    ['a field that is not one’s own to change', { name: 'Ada', email_verified: true }],
  ])('%s', async (_what, body) => {
    const { accessToken, email } = await register(t)
    const reply = await change(accessToken, body)
    expect(reply.status).toBe(422)
    expect(reply.body.code).toBe('invalid-request')
    expect((await get(accessToken)).body).toMatchObject({ name: null, email, email_verified: false })
  })
})
