import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken, newAddress, PASSWORD } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const client = fileURLToPath(new URL('../../client', import.meta.url))
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))
const DAY = 86_400

// What npm adds is the Node that the service brings along. A product runs on the one of its machine.
const path = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.endsWith('node_modules/.bin'))
const { npm_execpath, npm_lifecycle_event, ...inherited } = process.env
const env = { ...inherited, PATH: path.join(delimiter) }

async function run(command: string, args: string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1e8 })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await promisify(server.close.bind(server))()
  return port
}

let t: TestApp
let url: string
let product: string
beforeAll(async () => {
  // Tokens name the service by the address that products know it by.
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  t = await startTestApp({ PUBLIC_URL: url })
  await t.fastify.listen({ host: '127.0.0.1', port })
  product = await mkdtemp(join(tmpdir(), 'frontgate-product-'))
  await run('npm', ['pack', '--pack-destination', product], client)
  await writeFile(join(product, 'package.json'), '{ "type": "module", "private": true }')
  const [tarball = ''] = (await readdir(product)).filter((name) => name.endsWith('.tgz'))
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--engine-strict']
  await run('npm', ['install', ...flags, `./${tarball}`], product)
  await writeFile(join(product, 'product.ts'), program)
  await writeFile(join(product, 'guarded.ts'), guarded)
  // What such a product has already: those of this repository will do.
  await mkdir(join(product, 'node_modules/@types'))
  for (const name of [
    'express',
    'fastify',
    'hono',
    'react',
    '@types/express',
    '@types/node',
    '@types/react',
  ]) {
    await symlink(join(modules, name), join(product, 'node_modules', name))
  }
}, 180_000)
afterAll(async () => {
  await rm(product, { recursive: true, force: true })
  await t.close()
})

/** What a product may write: it signs somebody in, calls the API, and guards a route. */
const program = `
import { createClient, FrontgateProblem, type Session, unwrap } from '@frontgate/client'
import { createGate } from '@frontgate/client/guards'

declare const process: { argv: string[] }
const [, , url = '', act = '', email = '', password = '', passed = '0'] = process.argv

let kept: string | null = null
const client = createClient({ url, tokens: { load: () => kept, save: (token) => { kept = token } } })
const session: Session = act === 'register'
  ? await client.register({ email, password })
  : await client.signIn({ email, password })

const state = unwrap(await client.api.GET('/v1/billing/state'))
// @ts-expect-error: the contract has no such field
state.no_such_field

const gate = createGate({ url, now: () => Date.now() + Number(passed) * 1000 })
await gate.ready()
const verdict = await gate.decide(\`Bearer \${await client.accessToken()}\`, { plan: 'pro' })

let refusal: object | null = null
try {
  unwrap(await client.api.GET('/v1/forward-auth', { params: { query: { require: ['plan:pro'] } } }))
} catch (error) {
  if (!(error instanceof FrontgateProblem)) throw error
  refusal = { code: error.code, ...error.members }
}

console.log(JSON.stringify({
  email: session.user?.email,
  plan: state.plan,
  isKept: kept !== null,
  verdict: verdict.kind === 'passed' ? { plan: verdict.caller.plan } : verdict.problem,
  refusal,
}))
`

/** The entries that stand on a framework, each answering to somebody who pays and to somebody who does not. */
const guarded = `
import { createClient } from '@frontgate/client'
import { expressGuards } from '@frontgate/client/express'
import { fastifyGuards } from '@frontgate/client/fastify'
import { createGate } from '@frontgate/client/guards'
import { honoGuards } from '@frontgate/client/hono'
import { nextGuards } from '@frontgate/client/next'
import { FrontgateProvider, PricingTable, RequirePlan } from '@frontgate/client/react'
import { createTestKit } from '@frontgate/client/testing'
import { readWebhook, WebhookError } from '@frontgate/client/webhooks'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createElement } from 'react'

const kit = await createTestKit()
const gate = createGate(kit.gateOptions)

const inFastify = fastify()
inFastify.get('/', { preHandler: fastifyGuards(gate).requireActiveSubscription() }, ({ frontgate }) => frontgate)
const inExpress = express()
inExpress.get('/', expressGuards(gate).requireActiveSubscription(), (req, res) => { res.json(req.frontgate) })
const inHono = new Hono().get('/', honoGuards(gate).requireActiveSubscription(), (c) => c.json(c.get('frontgate')))
const inNext = nextGuards(gate).requireActiveSubscription()((_request, { caller }) => Response.json(caller))

const url = await inFastify.listen({ port: 0, host: '127.0.0.1' })
const listening = inExpress.listen(0, '127.0.0.1')
await new Promise((resolve) => listening.once('listening', resolve))
const { port } = listening.address() as { port: number }
const statuses: number[][] = []
for (const state of ['proActive', 'trialExpired'] as const) {
  const headers = await kit.headers(state)
  const replies = await Promise.all([
    fetch(url, { headers }),
    fetch('http://127.0.0.1:' + port, { headers }),
    inHono.request('/', { headers }),
    inNext(new Request(url, { headers }), {}),
  ])
  statuses.push(replies.map(({ status }) => status))
}
listening.close()
await inFastify.close()
gate.close()

const client = createClient({ url, tokens: { load: () => null, save: () => {} } })
const plans = createElement(RequirePlan, { plan: 'pro', fallback: createElement(PricingTable) })
createElement(FrontgateProvider, { client }, plans)
client.close()

let refused: unknown
try {
  readWebhook('{}', {}, 'whsec_c2VjcmV0')
} catch (error) {
  refused = error
}
console.log(JSON.stringify({ statuses, isRefused: refused instanceof WebhookError }))
`

const settings = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

describe('the packed library, installed in a project of its own', { timeout: 180_000 }, () => {
  test('has no source, test or map', async () => {
    const installed = join(product, 'node_modules/@frontgate/client')
    const files = new Set(await readdir(installed, { recursive: true }))
    expect([...files].filter((file) => /\.test\.|\.map$|(?<!\.d)\.tsx?$/.test(file))).toEqual([])
    expect(files).toContain('README.md')
    expect(files).toContain('LICENSE')
  })

  test.each(Object.entries(settings))('is understood by TypeScript (%s)', async (name, options) => {
    const config = {
      compilerOptions: {
        ...options,
        target: 'es2022',
        lib: ['es2022', 'dom', 'dom.iterable'],
        types: [],
        strict: true,
        skipLibCheck: false,
        outDir: name,
      },
      files: ['product.ts'],
    }
    await writeFile(join(product, `tsconfig.${name}.json`), JSON.stringify(config))
    const compiler = join(client, 'node_modules/typescript/bin/tsc')
    expect(await run('node', [compiler, '-p', `tsconfig.${name}.json`], product)).toBe('')
    // The declarations of frameworks are not ours to check.
    const compilerOptions = { ...config.compilerOptions, types: ['node'], skipLibCheck: true }
    const withFrameworks = { compilerOptions, files: ['guarded.ts'] }
    await writeFile(join(product, `tsconfig.${name}.json`), JSON.stringify(withFrameworks))
    expect(await run('node', [compiler, '-p', `tsconfig.${name}.json`], product)).toBe('')
  })

  test('takes no package that Node 20 does not run', async () => {
    const lock = JSON.parse(await readFile(join(product, 'package-lock.json'), 'utf8'))
    const packages = Object.entries<{ engines?: { node?: string } }>(lock.packages)
    const least = packages.map(([name, { engines }]) => [name, Number(/\d+/.exec(engines?.node ?? '0')?.[0])])
    expect(least.map(([name]) => name)).toContain('node_modules/eventsource-parser')
    expect(least.filter(([, version]) => Number(version) > 20)).toEqual([])
  })

  test('guards the routes of each framework, with its test kit in place of a service', async () => {
    const said = JSON.parse(await run('node', ['nodenext/guarded.js'], product))
    const each = (status: number) => Array(4).fill(status)
    expect(said).toEqual({ statuses: [each(200), each(402)], isRefused: true })
  })

  test('lets its product in while the trial lasts, and says why it does not afterwards', async () => {
    const email = newAddress()
    const runProduct = async (act: string, passed: number) =>
      JSON.parse(
        await run('node', ['nodenext/product.js', url, act, email, PASSWORD, String(passed)], product),
      )
    const inTrial = { email, plan: 'pro', isKept: true, verdict: { plan: 'pro' }, refusal: null }
    expect(await runProduct('register', 0)).toEqual(inTrial)
    await t.call('POST', '/v1/auth/email/verify', { body: { token: await mailedToken(t, email) } })
    t.moveClock(15 * DAY)
    const refused = { code: 'subscription-required', reason: 'trial-expired', required_plan: 'pro' }
    const after = await runProduct('sign-in', 15 * DAY)
    expect(after).toMatchObject({
      email,
      plan: 'free',
      verdict: { status: 402, ...refused },
      refusal: refused,
    })
    expect(after.verdict.upgrade_url).toBe(after.refusal.upgrade_url)
  })
})
