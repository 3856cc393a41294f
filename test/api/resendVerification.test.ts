import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import { register, registerVerified } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const resend = (as: string, from = newNetwork(), headers = {}) =>
  t.call('POST', '/v1/auth/email/resend', { as, from, headers })

describe('202', () => {
  test('another link is mailed, and it works', async () => {
    const { email, accessToken, userId } = await register(t)
    await t.settled()
    const reply = await resend(accessToken)
    expect(reply.status).toBe(202)
    expect(reply.body).toEqual({ status: 'accepted' })
    expect(await t.mailsTo(email)).toHaveLength(2)
    const token = await tokenFor(t, '/verify-email', email)
    expect((await t.call('POST', '/v1/auth/email/verify', { body: { token } })).status).toBe(200)
    expect(await actionsOf(t, userId)).toContain('email.verification-requested')
  })

  test('somebody verified is sent nothing', async () => {
    const { email, accessToken } = await registerVerified(t)
    const mails = await t.mailsTo(email)
    expect((await resend(accessToken)).status).toBe(202)
    expect(await t.mailsTo(email)).toHaveLength(mails.length)
  })

  test('the link leads to the configured origin, whatever the request says it came for', async () => {
    const { email, accessToken } = await register(t)
    await resend(accessToken, newNetwork(), { host: 'evil.example', 'x-forwarded-host': 'evil.example' })
    for (const mail of await t.mailsTo(email)) {
      for (const link of mail.links) expect(new URL(link).origin).toBe('http://localhost:4000')
      expect(JSON.stringify(mail)).not.toContain('evil.example')
    }
  })
})

describe('401', () => {
  test('without an access token', async () => {
    expect((await t.call('POST', '/v1/auth/email/resend')).status).toBe(401)
  })
})

describe('422', () => {
  test('no address can be named: the link goes to one’s own', async () => {
    const { accessToken } = await register(t)
    const body = { email: 'victim@customer.example' }
    expect((await t.call('POST', '/v1/auth/email/resend', { as: accessToken, body })).status).toBe(422)
    expect(await t.mailsTo('victim@customer.example')).toEqual([])
  })
})

describe('429', () => {
  test('once a minute, and the link that was sent last goes on working', async () => {
    const { email, accessToken } = await register(t)
    await t.settled()
    expect((await resend(accessToken)).status).toBe(202)
    const token = await tokenFor(t, '/verify-email', email)
    await t.advance(59)
    const refused = await resend(accessToken)
    expect(refused.status).toBe(429)
    expect(refused.body.code).toBe('too-many-requests')
    expect(refused.headers['retry-after']).toBe('1')
    expect(await t.mailsTo(email)).toHaveLength(2)
    expect((await t.call('POST', '/v1/auth/email/verify', { body: { token } })).status).toBe(200)
  })

  test('five an hour, however long one waits in between', async () => {
    let { accessToken, refreshToken } = await register(t)
    const statuses = []
    for (let i = 0; i < 6; i++) {
      statuses.push((await resend(accessToken)).status)
      await t.advance(60)
    }
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
    await t.advance(3300 - 60)
    const { body } = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
    accessToken = body.access_token
    refreshToken = body.refresh_token
    expect((await resend(accessToken)).status).toBe(202)
  })

  test('twenty an hour from one network, over all addresses', async () => {
    const from = newNetwork()
    const statuses = []
    for (let i = 0; i < 21; i++) statuses.push((await resend((await register(t)).accessToken, from)).status)
    expect(statuses).toEqual([...Array(20).fill(202), 429])
    expect((await resend((await register(t)).accessToken)).status).toBe(202)
  })
})
