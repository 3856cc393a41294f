import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Person, register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp()
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

const refresh = (app: TestApp, token: string) =>
  app.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })
const times = <T>(count: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)))

async function sessionOf({ userId }: Person) {
  return t.app.db
    .selectFrom('sessions')
    .select(['id', 'generation', 'revoked_because'])
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
}

describe('50 refreshes of one token at once', () => {
  test.for([
    ['one process', () => t],
    ['two processes', (i: number) => (i % 2 === 0 ? t : replica)],
  ] as const)('rotate it once, and all get the same successor (%s)', async ([, appOf], { expect }) => {
    const person = await register(t)
    const replies = await times(50, (i) => refresh(appOf(i), person.refreshToken))
    expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(200))
    const successors = new Set(replies.map(({ body }) => body.refresh_token as string))
    expect(successors.size).toBe(1)
    expect(await sessionOf(person)).toMatchObject({ generation: 2, revoked_because: null })
    const [successor = ''] = successors
    expect((await refresh(t, successor)).status).toBe(200)
  })

  test('as cookies too, and every access token works', async () => {
    const person = await register(t)
    const cookies = { frontgate_session: person.refreshToken }
    const replies = await times(50, () => t.call('POST', '/v1/auth/refresh', { cookies }))
    expect(new Set(replies.map((reply) => reply.cookies.frontgate_session)).size).toBe(1)
    for (const { body } of replies.slice(0, 5))
      expect((await t.call('GET', '/v1/me', { as: body.access_token })).status).toBe(200)
  })
})

describe('a token that was replaced more than 15 seconds ago', () => {
  async function rotated(): Promise<{ person: Person; old: string; current: string }> {
    const person = await register(t)
    const { body } = await refresh(t, person.refreshToken)
    for (const app of [t, replica]) await app.advance(15)
    return { person, old: person.refreshToken, current: body.refresh_token }
  }

  test('ends the session for both holders while the rightful one is using it', async () => {
    for (let round = 0; round < 5; round++) {
      const { person, old, current } = await rotated()
      const [replayed, ...rightful] = await times(21, (i) =>
        i === 0 ? refresh(replica, old) : refresh(i % 2 === 0 ? t : replica, current),
      )
      expect(replayed?.status).toBe(401)
      const tokens = rightful.flatMap(({ body }) => body.refresh_token ?? [])
      for (const token of [old, current, ...new Set<string>(tokens)])
        expect((await refresh(t, token)).status).toBe(401)
      expect(await sessionOf(person)).toMatchObject({ revoked_because: 'reuse' })
      for (const { body } of rightful.filter(({ status }) => status === 200).slice(0, 3)) {
        const me = await t.call('GET', '/v1/me', { as: body.access_token })
        expect([me.status, me.body.code]).toEqual([401, 'session-expired'])
      }
    }
  })

  test('replayed 20 times at once ends it once: one mail, one entry in the trail', async () => {
    const { person, old } = await rotated()
    const replies = await times(20, (i) => refresh(i % 2 === 0 ? t : replica, old))
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(401))
    const mails = await t.mailsTo(person.email)
    expect(mails.filter(({ subject }) => subject.includes('We ended one of your'))).toHaveLength(1)
    const ended = await t.app.db
      .selectFrom('audit_log')
      .select('details')
      .where('user_id', '=', person.userId)
      .where('action', '=', 'session.ended')
      .execute()
    expect(ended).toEqual([{ details: expect.objectContaining({ because: 'reuse' }) }])
  })
})

describe('more sign-ins at once than a user may have sessions', () => {
  test('leave exactly as many live ones, and the evicted are in the trail', async () => {
    const few = await startTestAppWith({ SESSIONS_PER_USER: '3' })
    const other = await startTestAppWith({ SESSIONS_PER_USER: '3', DATABASE_URL: few.databaseUrl })
    const person = await register(few)
    const replies = await times(15, (i) =>
      (i % 2 === 0 ? few : other).call('POST', '/v1/auth/login', {
        body: { email: person.email, password: 'correct horse battery staple', token_delivery: 'body' },
      }),
    )
    expect(replies.map(({ status }) => status)).toEqual(Array(15).fill(200))
    const tokens = [person.refreshToken, ...replies.map(({ body }) => body.refresh_token as string)]
    const refreshed = await Promise.all(tokens.map((token) => refresh(few, token)))
    const live = refreshed.filter(({ status }) => status === 200)
    expect(live).toHaveLength(3)
    const list = await few.call('GET', '/v1/auth/sessions', { as: live[0]?.body.access_token })
    expect(list.body.data).toHaveLength(3)
    const evicted = await few.app.db
      .selectFrom('audit_log')
      .select('details')
      .where('action', '=', 'session.ended')
      .execute()
    expect(evicted).toHaveLength(13)
    for (const { details } of evicted) expect(details).toMatchObject({ because: 'evicted' })
  })
})
