import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { register, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const signOutEverywhere = (as?: string) => t.call('POST', '/v1/auth/logout-all', { ...(as && { as }) })
const statusOf = async (as: string) => (await t.call('GET', '/v1/me', { as })).status

describe('204', () => {
  test('every session of the user ends at once, and nobody else’s', async () => {
    const person = await register(t)
    const somebodyElse = await register(t)
    const others = [await signIn(t, person.email), await signIn(t, person.email)]
    const reply = await signOutEverywhere(person.accessToken)
    expect(reply.status).toBe(204)
    expect(setCookies(reply).frontgate_session).toMatchObject({ value: '' })
    for (const as of [person.accessToken, ...others.map(({ body }) => body.access_token)]) {
      expect(await statusOf(as)).toBe(401)
    }
    for (const token of [person.refreshToken, ...others.map(({ body }) => body.refresh_token)]) {
      expect((await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })).status).toBe(401)
    }
    expect(await statusOf(somebodyElse.accessToken)).toBe(200)
    expect((await signIn(t, person.email)).status).toBe(200)
  })

  test('the trail says who did it and how many ended', async () => {
    const person = await register(t)
    await signIn(t, person.email)
    await signOutEverywhere(person.accessToken)
    const [entry] = await trailOf(t, person.userId)
    expect(entry).toMatchObject({
      action: 'session.ended',
      actor_kind: 'user',
      actor_id: person.userId,
      details: { sessions: 2, because: 'signed-out' },
    })
  })
})

describe('401', () => {
  test('without an access token, or with one whose session is over', async () => {
    const { accessToken } = await register(t)
    expect((await signOutEverywhere()).body.code).toBe('unauthenticated')
    await signOutEverywhere(accessToken)
    expect((await signOutEverywhere(accessToken)).status).toBe(401)
  })
})
