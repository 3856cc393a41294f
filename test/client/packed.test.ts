import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken, newAddress, PASSWORD } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const client = fileURLToPath(new URL('../../client', import.meta.url))
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
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], product)
  await writeFile(join(product, 'product.ts'), program)
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
