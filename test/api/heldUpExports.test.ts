import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { fillTrail } from '../support/exports.ts'
import { type Person, register } from '../support/people.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'

test('503 for others while as many are read as may be, 429 for the same user, until it goes away', async () => {
  const { one, ada } = await withLongTrail()
  const bob = await register(one)
  const { slow } = await heldUp(one, ada.accessToken)
  const refused = await one.call('GET', '/v1/me/export', { as: bob.accessToken })
  expect(refused.status).toBe(503)
  expect(refused.body.code).toBe('overloaded')
  expect(refused.headers['retry-after']).toBe('30')
  // Of whatever kind, and none of these is one of the five in an hour.
  for (const url of ['/v1/me/export', '/v1/accounts/me/export', '/v1/me/export', '/v1/me/export']) {
    const second = await one.call('GET', url, { as: ada.accessToken })
    expect(second.status).toBe(429)
    expect(second.body.code).toBe('too-many-requests')
    expect(second.headers['retry-after']).toBe('30')
  }
  slow.destroy()
  await expect.poll(() => viewsOf(one)).toEqual([])
  for (const { accessToken: as } of [bob, ada])
    await expect.poll(async () => (await one.call('GET', '/v1/accounts/me/export', { as })).status).toBe(200)
})

test('after a minute it is visibly broken off, and what it held is free', async () => {
  const { one, ada } = await withLongTrail()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { slow, sent } = await heldUp(one, ada.accessToken)
  vi.advanceTimersByTime(35_000)
  // Taking some of it begins the wait anew.
  const enough = sent() + 1_000_000
  while (sent() < enough) if (slow.read() === null) await once(slow, 'readable')
  await untilStill(one, sent)
  vi.advanceTimersByTime(35_000)
  await expect.poll(() => viewsOf(one)).toEqual(['idle in transaction'])
  await expect
    .poll(() => {
      vi.advanceTimersByTime(1_000)
      return viewsOf(one)
    })
    .toEqual([])
  await expect.poll(() => one.app.pool.idleCount).toBe(one.app.pool.totalCount)
  await expect
    .poll(async () => (await one.call('GET', '/v1/accounts/me/export', { as: ada.accessToken })).status)
    .toBe(200)
  const end = once(slow, 'end')
  slow.resume()
  await expect(end).rejects.toMatchObject({ code: 'ECONNRESET' })
})

/** A service that reads one export at a time, and somebody whose export is longer than what is buffered on its way. */
async function withLongTrail(): Promise<{ one: TestApp; ada: Person }> {
  const one = await startTestAppWith({ DATABASE_POOL_SIZE: '4' }, { work: false })
  const ada = await register(one)
  await fillTrail(one, ada.userId, 40_000)
  await one.fastify.listen({ port: 0, host: '127.0.0.1' })
  return { one, ada }
}

/** Begins an export and takes nothing of it. `sent` says how many bytes the service has written to it. */
async function heldUp(one: TestApp, as: string): Promise<{ slow: IncomingMessage; sent: () => number }> {
  const { server } = one.fastify
  const connected = once(server, 'connection')
  const slow = await beginExport((server.address() as AddressInfo).port, as)
  onTestFinished(() => void slow.destroy())
  expect(slow.statusCode).toBe(200)
  const [socket]: Socket[] = await connected
  const sent = () => socket?.bytesWritten ?? 0
  await untilStill(one, sent)
  return { slow, sent }
}

/** It has stopped in the middle: its transaction waits for somebody to take what was read. */
async function untilStill(one: TestApp, sent: () => number): Promise<void> {
  let before = -1
  await expect
    .poll(
      async () => {
        const isStill = sent() === before
        before = sent()
        return isStill ? viewsOf(one) : []
      },
      { interval: 250 },
    )
    .toEqual(['idle in transaction'])
}

function beginExport(port: number, as: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = { authorization: `Bearer ${as}` }
  get({ port, host: '127.0.0.1', path: '/v1/me/export', headers }, (response) => {
    response.on('error', () => undefined)
    resolve(response)
  }).on('error', reject)
  return promise
}

/** The states of transactions that read an export. */
async function viewsOf({ app }: TestApp): Promise<string[]> {
  const { rows } = await app.pool.query<{ state: string }>(
    `select state from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null and query like '%exported%'`,
  )
  return rows.map(({ state }) => state)
}
