import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { createClient } from '@frontgate/client'
import { createGate } from '@frontgate/client/guards'
import { createTestKit } from '@frontgate/client/testing'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { PASSWORD, register, registerVerified } from '../support/people.ts'
import { productKey } from '../support/productKeys.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { writeSnippets } from './snippets.ts'

const guide = 'add-to-fastify-or-express.md'

let t: TestApp
let url: string
beforeAll(async () => {
  const port = await freePort(0)
  url = `http://127.0.0.1:${port}`
  t = await startTestApp({ PUBLIC_URL: url })
  await t.fastify.listen({ host: '127.0.0.1', port })
})
afterAll(() => t.close())

/** The product of the guide, written down and started as a process of its own. */
async function startProduct(): Promise<{ folder: string; origin: string }> {
  const folder = writeSnippets(guide)
  const { key } = await productKey(t, ['entitlements:read', 'usage:write'])
  const env = { ...process.env, FRONTGATE_URL: url, FRONTGATE_KEY: key, PORT: '0' }
  const child = spawn(process.execPath, [join(folder, 'server.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  for await (const line of createInterface(child.stdout)) return { folder, origin: line }
  throw new Error('The product did not start')
}

test('the tests of the guide pass by themselves, without a service', async () => {
  const folder = writeSnippets(guide)
  const { NODE_OPTIONS: _, ...env } = process.env
  const run = promisify(execFile)
  const { stdout } = await run(
    process.execPath,
    ['--test', '--test-reporter=tap', join(folder, 'app.test.js')],
    { env },
  )
  expect(stdout).toMatch(/^# pass 3$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})

test('the product opens to people of a running service, and closes as their session ends', async () => {
  const { origin } = await startProduct()
  const ask = async (path: string, token?: string, method = 'GET') => {
    const headers = token ? { authorization: `Bearer ${token}` } : {}
    return (await fetch(`${origin}${path}`, { method, headers })).status
  }
  expect(await ask('/')).toBe(200)
  expect(await ask('/reports')).toBe(401)
  const { accessToken } = await register(t)
  // A gate that gets no answer in time says 503, and on a busy machine that may be the first word.
  await expect.poll(() => ask('/reports', accessToken)).toBe(200)
  await expect.poll(() => ask('/scripts', accessToken, 'POST')).toBe(201)
  await expect.poll(() => ask('/conversions', accessToken, 'POST')).toBe(200)
  await t.call('POST', '/v1/auth/logout-all', { as: accessToken })
  await expect.poll(() => ask('/reports', accessToken)).toBe(401)
})

test('the page shows the reports, the way in, or the way to the upgrade', async () => {
  const { folder, origin } = await startProduct()
  vi.stubGlobal('location', { origin, href: `${origin}/reports` })
  onTestFinished(() => void vi.unstubAllGlobals())
  const { loadReports } = await import(join(folder, 'page.js'))
  let kept: string | null = null
  const tokens = {
    load: () => kept,
    save(token: string | null) {
      kept = token
    },
  }
  const client = createClient({ url, tokens })
  onTestFinished(() => client.close())
  const { goTo } = await loadReports(client)
  expect(goTo).toBe(`${url}/v1/auth/oauth/google/start?return_to=${encodeURIComponent(`${origin}/reports`)}`)

  const person = await registerVerified(t)
  await client.signIn({ email: person.email, password: PASSWORD })
  await expect.poll(() => loadReports(client)).toEqual({ reports: [] })

  // The trial ends, and with it the product that was open a moment ago.
  await t.advance(14 * DAY_SECONDS)
  await expect
    .poll(() => loadReports(client))
    .toEqual({ message: expect.stringMatching(/./), upgrade: `${url}/billing` })
})

test('the product in Express does what the one in Fastify does', async () => {
  const folder = writeSnippets(guide)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const kit = await createTestKit()
  const gate = createGate(kit.gateOptions)
  const { buildApp } = await import(join(folder, 'expressApp.js'))
  const server: Server = buildApp({ gate }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    gate.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (
    method: string,
    path: string,
    state?: Parameters<typeof kit.headers>[0],
    overrides = {},
  ) => {
    const headers = state ? await kit.headers(state, overrides) : {}
    return (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers })).status
  }
  expect(await ask('GET', '/')).toBe(200)
  expect(await ask('GET', '/reports')).toBe(401)
  expect(await ask('GET', '/reports', 'trialing')).toBe(200)
  expect(await ask('GET', '/reports', 'trialExpired')).toBe(402)
  expect(await ask('POST', '/scripts', 'proActive', { role: 'viewer' })).toBe(403)
  expect(await ask('POST', '/scripts', 'proActive')).toBe(201)
  expect(await ask('POST', '/conversions', 'proActive', { usage: { kb_conversions: 50 } })).toBe(402)
})
