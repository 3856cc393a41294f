import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { describe, expect, test } from 'vitest'
import { holdLocks, sessionsWaiting } from '../db/scratchDatabase.ts'
import { register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { dial, listen, readToEnd } from './wire.ts'

/** A service that is closed by its test, and removed after it. */
async function startListening(): Promise<{ t: TestApp; origin: string }> {
  const t = await startTestApp({}, { work: false })
  return { t, origin: await listen(t) }
}

describe('closing', () => {
  test('does not wait for a connection that is kept alive', async () => {
    const { t, origin } = await startListening()
    const agent = new Agent({ keepAlive: true })
    const request = get(`${origin}/healthz`, { agent })
    const [response] = await once(request, 'response')
    response.resume()
    await once(response, 'end')
    await t.close()
    agent.destroy()
  })

  test.for([
    ['nothing', ''],
    ['half a line', 'GET /heal'],
    ['half the headers', 'GET /healthz HTTP/1.1\r\nHost: x\r\n'],
    [
      'half a body',
      'POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    ],
    [
      'half a chunk',
      'POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{',
    ],
    ['one request and half another', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HT'],
  ] as const)('does not wait for a client that has sent %s', async ([, text], { expect }) => {
    const { t, origin } = await startListening()
    const socket = await dial(origin)
    const answer = readToEnd(socket)
    socket.write(text)
    // Another connection, so that the first one has been seen.
    await fetch(`${origin}/healthz`)
    await t.close()
    expect(await answer).not.toContain('500')
  })

  test('waits for a request that is under way and answers it, and says that the connection ends', async () => {
    const { t, origin } = await startListening()
    const person = await register(t)
    const unblock = await holdLocks(t.databaseUrl, `select from users for update`)
    const socket = await dial(origin)
    const answer = readToEnd(socket)
    const body = JSON.stringify({ name: 'Ada' })
    socket.write(
      `PATCH /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.accessToken}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await expect.poll(() => sessionsWaiting(t.app.db)).toBe(1)
    const closed = t.fastify.close()
    await expect(fetch(`${origin}/healthz`)).rejects.toThrow()
    await unblock()
    await closed
    const text = await answer
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text.toLowerCase()).toContain('\r\nconnection: close\r\n')
    expect(text).toContain('"name":"Ada"')
    await t.close()
  })
})
