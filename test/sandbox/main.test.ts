import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnvironment } from '../../sandbox/environment.ts'
import { postgresHome } from '../../sandbox/postgres/postgresHome.ts'
import { removePostgres } from '../../sandbox/postgres/removePostgres.ts'

// Handed on from `npm test`: without it every start compiles everything.
const { NODE_COMPILE_CACHE } = process.env
const root = fileURLToPath(new URL('../..', import.meta.url))
const person = { email: 'ada@customer.example', password: 'correct horse battery staple' }
let folder: string
let started: Running[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'frontgate-start-'))
  started = []
})
afterEach(async () => {
  for (const { child, exit } of started) {
    child.kill('SIGTERM')
    await exit
  }
  await removePostgres(join(folder, 'postgres'), () => {})
  rmSync(folder, { recursive: true })
})

describe('npm start', { timeout: 120_000 }, () => {
  test('keeps accounts and the clock between runs, and npm run sandbox:reset empties both', async () => {
    const first = await start()
    expect((await post(`${first.serviceUrl}/v1/auth/register`, person)).status).toBe(201)
    expect((await post(`${first.sandboxUrl}/control/clock/advance`, { seconds: 86_400 })).status).toBe(200)
    const refused = await reset()
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`is running (pid ${first.child.pid})`),
    })
    first.child.kill('SIGINT')
    expect(await first.exit).toBe(0)

    const second = await start()
    expect((await post(`${second.serviceUrl}/v1/auth/login`, person)).status).toBe(200)
    expect(await aheadSeconds(second)).toBeGreaterThanOrEqual(86_400)
    second.child.kill('SIGTERM')
    expect(await second.exit).toBe(0)

    expect(await reset()).toMatchObject({ code: 0, stdout: expect.stringContaining('is empty') })
    const third = await start()
    expect((await post(`${third.serviceUrl}/v1/auth/login`, person)).status).toBe(401)
    expect(await aheadSeconds(third)).toBeLessThan(60)
  })

  test('says so and exits with 1 when PostgreSQL dies', async () => {
    const running = await start()
    const status = readFileSync(
      join(postgresHome(join(folder, 'postgres')), 'data', 'postmaster.pid'),
      'utf8',
    )
    process.kill(Number.parseInt(status, 10), 'SIGKILL')
    expect(await running.exit).toBe(1)
    expect(await running.stderr).toContain('PostgreSQL ended unexpectedly')
  })

  test('names every fault of the environment at once', async () => {
    const env = { PORT: 'four', SANDBOX_PORT: '99999', TRIAL_DAYS: 'many', SECRET: 'short' }
    const { code, stderr } = await failing(env)
    expect(code).toBe(1)
    for (const variable of Object.keys(env)) expect(stderr).toContain(`- ${variable} is `)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('names the ports that are taken, and the variables that choose others', async () => {
    const blockers = await Promise.all(['127.0.0.1', '127.0.0.1', '127.0.0.1'].map(block))
    const [PORT, SANDBOX_PORT, RUNBOOKS_PORT] = blockers.map(({ port }) => String(port)) as [
      string,
      string,
      string,
    ]
    const { code, stderr } = await failing({ PORT, SANDBOX_PORT, RUNBOOKS_PORT })
    for (const { close } of blockers) close()
    expect(code).toBe(1)
    expect(stderr).toContain(
      `Port ${PORT} is taken by another program. Stop it, or choose another port: PORT=`,
    )
    expect(stderr).toContain(
      `Port ${SANDBOX_PORT} is taken by another program. Stop it, or choose another port: SANDBOX_PORT=`,
    )
    expect(stderr).toContain('or set it empty, and the product is off: RUNBOOKS_PORT= npm start')
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('says why a database of yours cannot be used', async () => {
    const { port, close } = await block('127.0.0.1')
    close()
    const { code, stderr } = await failing({ DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none` })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^The database of DATABASE_URL cannot be used: /m)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('what is switched off is said when it starts', () => {
    const offOf = (env: NodeJS.ProcessEnv) => readEnvironment(env, folder).off
    expect(offOf({ STRIPE_SECRET_KEY: '', PORT: '' })).toEqual([
      'STRIPE_SECRET_KEY is empty: nobody can buy anything.',
    ])
    expect(offOf({ GOOGLE_CLIENT_ID: '' })).toEqual([
      'GOOGLE_CLIENT_ID is empty: nobody can sign in with Google.',
    ])
    expect(offOf({ SALES_EMAIL: '' })).toEqual([
      'SALES_EMAIL is empty: leads are stored and nobody is mailed.',
    ])
    expect(offOf({})).toEqual([])
  })

  test('an empty client id takes the secret away, and one of your own brings its own', () => {
    const found = { databaseUrl: 'postgres://x', smtpUrl: 'smtp://x', secret: '?'.repeat(32) }
    const own = { MICROSOFT_CLIENT_ID: 'mine', MICROSOFT_CLIENT_SECRET: 'my secret' }
    const env = readEnvironment({ GOOGLE_CLIENT_ID: '', ...own }, folder).forService(found)
    expect(env).toMatchObject({ GOOGLE_CLIENT_ID: '', GOOGLE_CLIENT_SECRET: '', ...own })
    expect(env.SALES_EMAIL).toBe('sales@frontgate.example')
    expect(() => readEnvironment({ GOOGLE_CLIENT_ID: 'mine' }, folder)).toThrow('GOOGLE_CLIENT_SECRET')
  })

  test.each(['main.ts', 'reset.ts'])('%s --help explains the variables', async (file) => {
    const run = spawnSandbox(file, {}, ['--help'])
    expect(await run.stdout).toContain('FRONTGATE_DATA')
    expect(await run.exit).toBe(0)
  })
})

type Run = {
  child: ChildProcessByStdio<null, Readable, Readable>
  exit: Promise<number | null>
  stdout: Promise<string>
  stderr: Promise<string>
}
type Running = Run & { serviceUrl: string; sandboxUrl: string }

function spawnSandbox(file: string, env: NodeJS.ProcessEnv, args: string[] = []): Run {
  const child = spawn(process.execPath, [join(root, 'sandbox', file), ...args], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE,
      FRONTGATE_DATA: folder,
      PORT: '0',
      SANDBOX_PORT: '0',
      // The product has a test of its own.
      RUNBOOKS_PORT: '',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  return { child, exit, stdout: text(child.stdout), stderr: text(child.stderr) }
}

async function start(): Promise<Running> {
  const run = spawnSandbox('main.ts', {})
  let said = ''
  const running = Promise.withResolvers<void>()
  run.child.stdout.on('data', (chunk) => {
    said += chunk
    if (said.includes('service.log.')) running.resolve()
  })
  await Promise.race([running.promise, run.exit])
  const [serviceUrl, sandboxUrl] = ['Service', 'Sandbox'].map(
    (name) => said.match(new RegExp(`${name} +(\\S+)`))?.[1],
  )
  if (!serviceUrl || !sandboxUrl) throw new Error(`It did not start: ${said}${await run.stderr}`)
  started.push({ ...run, serviceUrl, sandboxUrl })
  expect((await fetch(`${serviceUrl}/readyz`)).status).toBe(200)
  return { ...run, serviceUrl, sandboxUrl }
}

async function failing(env: NodeJS.ProcessEnv) {
  const { exit, stderr } = spawnSandbox('main.ts', env)
  return { code: await exit, stderr: await stderr }
}

async function reset() {
  const { exit, stdout, stderr } = spawnSandbox('reset.ts', {})
  return { code: await exit, stdout: await stdout, stderr: await stderr }
}

async function block(host: string): Promise<{ port: number; close: () => void }> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, close: () => server.close() }
}

async function aheadSeconds({ sandboxUrl }: Running): Promise<number> {
  const { now } = (await (await fetch(`${sandboxUrl}/control/clock`)).json()) as { now: string }
  return (Date.parse(now) - Date.now()) / 1000 + 1
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}
