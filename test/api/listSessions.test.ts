import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, register, signIn } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const list = (as: string, query = '', app = t) => app.call('GET', `/v1/auth/sessions${query}`, { as })

const agents = {
  'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Chrome on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36',
  'Edge on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0',
  'Safari on iOS':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  'Safari on macOS':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  'Chrome on Android':
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36',
  'curl/8.5.0': 'curl/8.5.0',
}

describe('200', () => {
  test('each live session is named by its device, the newest first, and only one’s own', async () => {
    const person = await register(t)
    await register(t)
    await t.advance(60)
    const headers = { 'user-agent': agents['Firefox on Linux'] }
    const body = { email: person.email, password: PASSWORD, token_delivery: 'body' }
    await t.call('POST', '/v1/auth/login', { body, headers, from: '203.0.113.5' })
    const reply = await list(person.accessToken)
    expect(reply.status).toBe(200)
    const now = t.app.now()
    const before = new Date(now.getTime() - 60_000).toISOString()
    expect(reply.body).toEqual({
      next_cursor: null,
      data: [
        {
          id: expect.any(String),
          current: false,
          device: 'Firefox on Linux',
          ip: '203.0.113.5',
          created_at: now.toISOString(),
          last_seen_at: now.toISOString(),
          expires_at: new Date(now.getTime() + 90 * 86_400_000).toISOString(),
        },
        expect.objectContaining({ current: true, device: 'test', ip: '127.0.0.1', created_at: before }),
      ],
    })
  })

  test.each(Object.entries(agents))('a device is called %s', async (device, agent) => {
    const { email } = await register(t)
    const headers = { 'user-agent': agent }
    const { body } = await t.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD }, headers })
    expect((await list(body.access_token)).body.data[0]).toMatchObject({ device, current: true })
  })

  test('a client that does not say what it is has a session all the same', async () => {
    const { email } = await register(t)
    const headers = { 'user-agent': '' }
    const { body } = await t.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD }, headers })
    expect((await list(body.access_token)).body.data[0]).toMatchObject({ device: 'an unknown device' })
  })

  test('refreshing shows when and from where the session was last seen', async () => {
    const person = await register(t)
    await t.advance(300)
    const body = { refresh_token: person.refreshToken }
    const refreshed = await t.call('POST', '/v1/auth/refresh', { body, from: '203.0.113.6' })
    const { data } = (await list(refreshed.body.access_token)).body
    expect(data).toMatchObject([{ ip: '203.0.113.6', last_seen_at: t.app.now().toISOString() }])
  })

  test('sessions that are over are not listed, whichever way they ended', async () => {
    const u = await startTestAppWith({ SESSION_IDLE_DAYS: '2', SESSION_DAYS: '3' })
    const person = await register(u)
    const signedOut = await signIn(u, person.email)
    await u.call('POST', '/v1/auth/logout', { as: signedOut.body.access_token })
    expect((await list(person.accessToken, '', u)).body.data).toHaveLength(1)
    await u.advance(86_400)
    const second = await signIn(u, person.email)
    expect((await list(second.body.access_token, '', u)).body.data).toHaveLength(2)
    await u.advance(86_400)
    const third = await signIn(u, person.email)
    expect((await list(third.body.access_token, '', u)).body.data).toHaveLength(2)
  })

  test('pages follow each other without gaps or repeats, also among sessions of one instant', async () => {
    const person = await register(t)
    for (let i = 0; i < 6; i++) {
      await signIn(t, person.email)
      if (i % 3 === 0) await t.advance(1)
    }
    const whole = (await list(person.accessToken)).body.data.map(({ id }: { id: string }) => id)
    expect(whole).toHaveLength(7)
    const paged: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await list(person.accessToken, `?limit=3${cursor && `&cursor=${cursor}`}`)
      expect(body.data.length).toBeLessThanOrEqual(3)
      paged.push(...body.data.map(({ id }: { id: string }) => id))
      cursor = body.next_cursor
    }
    expect(paged).toEqual(whole)
  })
})

describe('401', () => {
  test('without an access token', async () => {
    expect((await t.call('GET', '/v1/auth/sessions')).status).toBe(401)
  })
})

describe('422', () => {
  test.each([
    '?limit=0',
    '?limit=101',
    '?limit=many',
    '?cursor=garbage',
    '?user_id=1',
    `?cursor=${'x'.repeat(201)}`,
  ])('%s', async (query) => {
    const { accessToken } = await register(t)
    const reply = await list(accessToken, query)
    expect(reply.status).toBe(422)
    expect(reply.body.code).toBe('invalid-request')
  })
})
