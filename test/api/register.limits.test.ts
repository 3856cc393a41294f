import { describe, expect, test } from 'vitest'
import { newNetwork } from '../support/networks.ts'
import { newAddress, PASSWORD, register } from '../support/people.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'

const post = (app: TestApp, body: object, from?: string, headers?: Record<string, string>) =>
  app.call('POST', '/v1/auth/register', { body, ...(from && { from }), ...(headers && { headers }) })

describe('429', () => {
  test('REGISTRATIONS_PER_HOUR counts per network, and opens again', async () => {
    const u = await startTestAppWith({ REGISTRATIONS_PER_HOUR: '3' })
    const from = newNetwork()
    for (let i = 0; i < 3; i++)
      expect((await post(u, { email: newAddress(), password: PASSWORD }, from)).status).toBe(201)
    const refused = await post(u, { email: newAddress(), password: PASSWORD }, from)
    expect(refused.status).toBe(429)
    expect(refused.headers['retry-after']).toBe('3600')
    expect((await post(u, { email: newAddress(), password: PASSWORD }, newNetwork())).status).toBe(201)
    await u.advance(3600)
    expect((await post(u, { email: newAddress(), password: PASSWORD }, from)).status).toBe(201)
  })

  test('known addresses count like unknown ones', async () => {
    const u = await startTestAppWith({ REGISTRATIONS_PER_HOUR: '2' })
    const { email } = await register(u)
    const from = newNetwork()
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await post(u, { email, password: PASSWORD }, from)).status)
    expect(statuses).toEqual([409, 409, 429])
  })

  test('an IPv6 host counts with its whole /64', async () => {
    const u = await startTestAppWith({ REGISTRATIONS_PER_HOUR: '1' })
    const statusFrom = async (from: string) =>
      (await post(u, { email: newAddress(), password: PASSWORD }, from)).status
    expect(await statusFrom('2001:db8:0:1::1')).toBe(201)
    expect(await statusFrom('2001:db8:0:1:ffff::2')).toBe(429)
    expect(await statusFrom('2001:db8:0:2::1')).toBe(201)
    expect(await statusFrom('::ffff:10.200.0.1')).toBe(201)
    expect(await statusFrom('10.200.0.1')).toBe(429)
  })

  test('X-Forwarded-For is ignored where no proxy is ours, and read one hop deep where one is', async () => {
    const attempt = (u: TestApp, forwardedFor: string) =>
      post(u, { email: newAddress(), password: PASSWORD }, '10.0.0.1', { 'x-forwarded-for': forwardedFor })
    const direct = await startTestAppWith({ REGISTRATIONS_PER_HOUR: '1' })
    expect((await attempt(direct, '203.0.113.1')).status).toBe(201)
    expect((await attempt(direct, '203.0.113.2')).status).toBe(429)
    const proxied = await startTestAppWith({ REGISTRATIONS_PER_HOUR: '1', TRUSTED_PROXY_HOPS: '1' })
    expect((await attempt(proxied, '198.51.100.9, 203.0.113.1')).status).toBe(201)
    expect((await attempt(proxied, '198.51.100.8, 203.0.113.1')).status).toBe(429)
    expect((await attempt(proxied, '203.0.113.1, 203.0.113.2')).status).toBe(201)
  })
})
