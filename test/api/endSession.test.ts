import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { register, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const end = (id: string, as?: string) => t.call('DELETE', `/v1/auth/sessions/${id}`, { ...(as && { as }) })
const statusOf = async (as: string) => (await t.call('GET', '/v1/me', { as })).status

async function currentSession(as: string): Promise<string> {
  const { body } = await t.call('GET', '/v1/auth/sessions', { as })
  return body.data.find(({ current }: { current: boolean }) => current).id
}

describe('204', () => {
  test('one’s other session ends at once and this one goes on', async () => {
    const person = await register(t)
    const other = await signIn(t, person.email)
    const id = await currentSession(other.body.access_token)
    expect((await end(id, person.accessToken)).status).toBe(204)
    expect(await statusOf(other.body.access_token)).toBe(401)
    const body = { refresh_token: other.body.refresh_token }
    expect((await t.call('POST', '/v1/auth/refresh', { body })).status).toBe(401)
    expect(await statusOf(person.accessToken)).toBe(200)
    const [entry] = await trailOf(t, person.userId)
    expect(entry).toMatchObject({
      action: 'session.ended',
      actor_id: person.userId,
      details: { session: id, because: 'revoked' },
    })
  })

  test('one’s current session may be the one', async () => {
    const { accessToken } = await register(t)
    expect((await end(await currentSession(accessToken), accessToken)).status).toBe(204)
    expect(await statusOf(accessToken)).toBe(401)
  })
})

describe('401', () => {
  test('without an access token', async () => {
    const { accessToken } = await register(t)
    expect((await end(await currentSession(accessToken))).status).toBe(401)
    expect(await statusOf(accessToken)).toBe(200)
  })
})

describe('404', () => {
  test('somebody else’s session, one that is over and one that never was are told apart by nobody', async () => {
    const person = await register(t)
    const victim = await register(t)
    const over = await currentSession((await signIn(t, person.email)).body.access_token)
    await end(over, person.accessToken)
    const answers = []
    for (const id of [
      await currentSession(victim.accessToken),
      over,
      '019ca000-0000-7000-8000-000000000000',
    ]) {
      const reply = await end(id, person.accessToken)
      answers.push({ status: reply.status, body: { ...reply.body, instance: null } })
    }
    expect(answers[0]).toMatchObject({ status: 404, body: { code: 'not-found' } })
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(await statusOf(victim.accessToken)).toBe(200)
  })
})

describe('422', () => {
  test('an id that is none', async () => {
    const { accessToken } = await register(t)
    expect((await end('current', accessToken)).status).toBe(422)
  })
})
