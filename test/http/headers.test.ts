import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { listen, readAnswer, sayRaw } from './wire.ts'

let t: TestApp
let origin: string
beforeAll(async () => {
  t = await startTestApp()
  origin = await listen(t)
})
afterAll(() => t.close())

const get = (path: string, headers: string) =>
  sayRaw(origin, `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`)

describe('what is not a request', () => {
  test('headers of more than 16 KiB are answered 431', async () => {
    const { status, headers, body } = readAnswer(
      await get('/healthz', `X-Long: ${'x'.repeat(16 * 1024)}\r\n`),
    )
    expect(status).toBe(431)
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', connection: 'close' })
    expect(body).toMatchObject({
      type: '/problems/headers-too-large',
      status: 431,
      code: 'headers-too-large',
    })
  })

  test('headers of 15 KiB are read', async () => {
    const answer = await get('/healthz', `X-Long: ${'x'.repeat(15 * 1024)}\r\nConnection: close\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.for([
    'GARBAGE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
  ])('%j is answered 400 and the connection closed', async (text, { expect }) => {
    const { status, headers, body } = readAnswer(await sayRaw(origin, text))
    expect(status).toBe(400)
    expect(headers.connection).toBe('close')
    expect(body).toMatchObject({ status: 400, code: 'invalid-request' })
  })

  test('a request without Host is answered 400', async () => {
    const { status, headers, body } = readAnswer(await sayRaw(origin, 'GET /v1/config HTTP/1.1\r\n\r\n'))
    expect(status).toBe(400)
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', connection: 'close' })
    expect(body).toMatchObject({ status: 400, code: 'invalid-request' })
    // HTTP/1.0 knew no Host.
    expect(await sayRaw(origin, 'GET /v1/config HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('an expectation that nobody knows is not met, and the request answered', async () => {
    const answer = await get('/healthz', 'Expect: miracles\r\nConnection: close\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('a transfer coding that nobody knows is answered once', async () => {
    for (const path of ['/v1/config?surprise=1', '/v1/me']) {
      const answer = await get(path, 'Transfer-Encoding: xchunked\r\n')
      expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    }
  })

  test('a request whose body turns out to be unreadable after it was answered is answered once', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    const head = 'GET /v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    let answer = ''
    socket.setEncoding('latin1').on('data', (text) => (answer += text))
    socket.write(head)
    await expect.poll(() => answer).toMatch(/"instance":"[^"]+"}$/)
    socket.end()
    await once(socket, 'close')
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })

  test('a connection that asks far ahead of what it reads is cut', async () => {
    const one = 'GET /v1/plans HTTP/1.1\r\nHost: x\r\n\r\n'
    const last = 'GET /v1/plans HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    const few = await sayRaw(origin, one.repeat(9) + last)
    expect(few.match(/HTTP\/1\.1 200/g)).toHaveLength(10)
    const many = await sayRaw(origin, one.repeat(399) + last)
    expect(many.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThan(400)
  })

  test('a request smuggled with two lengths is not read', async () => {
    const smuggled =
      'POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n'
    const answer = await sayRaw(origin, smuggled)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })
})

describe('Authorization', () => {
  const strange = [
    'Bearer',
    'Bearer ',
    'Bearer  ',
    'Basic YWRhOnBhc3N3b3Jk',
    'Bearer a b',
    'Bearer .',
    'Bearer ..',
    'Bearer a.b.c',
    'Bearer e30.e30.e30',
    'Bearer bnVsbA.bnVsbA.bnVsbA',
    'Bearer eyJraWQiOnt9fQ.e30.e30',
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
    `Bearer ${Buffer.from('{"kid":"x","alg":"EdDSA"}').toString('base64url')}.e30.e30`,
    'Bearer \xff\xfe',
    `Bearer ${'x'.repeat(8 * 1024)}`,
    `Bearer ${Buffer.from(`{"kid":"${'[{'.repeat(3000)}"}`).toString('base64url')}.e30.e30`,
    'x'.repeat(8 * 1024),
    ' ',
  ]
  test('is answered 401 whatever stands in it, for users and operators', async () => {
    for (const path of ['/v1/me', '/v1/accounts/me', '/v1/operator/accounts?query=x'])
      for (const value of strange) {
        const { status, body } = readAnswer(
          await get(path, `Authorization: ${value}\r\nConnection: close\r\n`),
        )
        expect({ path, value, status, code: body.code }).toMatchObject({
          status: 401,
          code: 'unauthenticated',
        })
      }
    expect(t.logged.join('')).not.toContain('"level":"error"')
  })

  test('is read whatever the case of its scheme', async () => {
    const { accessToken } = await register(t)
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const reply = await t.call('GET', '/v1/me', { headers: { authorization: `${scheme} ${accessToken}` } })
      expect(reply.status).toBe(200)
    }
  })
})

describe('every answer', () => {
  const answers = [
    '/healthz',
    '/v1/config',
    '/v1/me',
    '/nowhere',
    '/openapi.json',
    '/problems/internal',
    '/metrics',
  ]

  test.for(answers)('carries security headers (%s)', async (path, { expect }) => {
    const { headers } = await t.call('GET', path)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['x-frame-options']).toBeDefined()
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers.server).toBeUndefined()
    expect(headers['strict-transport-security']).toBeUndefined()
  })

  test('asks browsers to stay with https where that is how people come', async () => {
    const secure = await startTestAppWith({ PUBLIC_URL: 'https://gate.customer.example' }, { work: false })
    const { headers } = await secure.call('GET', '/v1/config')
    expect(headers['strict-transport-security']).toContain('max-age=31536000')
  })
})
