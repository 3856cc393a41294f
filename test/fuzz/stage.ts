import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { AccessTokens } from '../../src/access/accessTokens.ts'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { scopes } from '../../src/http/actor.ts'
import { makeLog } from '../../src/http/log.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { joined } from '../support/members.ts'
import { operatorToken, PASSWORD, type Person, register } from '../support/people.ts'
import { productKey } from '../support/productKeys.ts'
import type { TestApp, TestCall, TestReply } from '../support/testApp.ts'
import { testEnvironment } from '../support/testEnvironment.ts'
import type { CallerKind, Place } from './requests.ts'

/** The real program in a process of its own, on a database of its own, and one caller of each kind. */
export interface Stage {
  port: number
  /** Whoever drives it, with the tools of the tests. */
  t: TestApp
  /** What its process holds in memory now, and the most it has held, in MiB. */
  memory: () => { now: number; peak: number }
  /** What it has logged, line by line. */
  logged: string[]
  bearer: (caller: CallerKind, turn: number) => string | undefined
  at: (place: Place) => string
  /** Makes callers anew whose sessions have ended meanwhile. */
  renew: () => Promise<void>
  /** Everything that no log may hold. */
  secrets: string[]
  isAlive: () => boolean
  stop: () => Promise<void>
}

const START_WITHIN_MS = 60_000
const AFTER_SECONDS = 240

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts `frontgate serve` on an empty database, with everybody who calls it. */
export async function openStage(databaseUrl: string, overrides: NodeJS.ProcessEnv = {}): Promise<Stage> {
  const port = await freePort(0)
  const env = {
    ...testEnvironment,
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    HOST: '127.0.0.1',
    PORT: String(port),
    // Each request says whom it comes from, so that limits per network do not end the run.
    TRUSTED_PROXY_HOPS: '1',
    STRIPE_WEBHOOK_SECRET: 'whsec_fuzz',
    SALES_EMAIL: 'sales@frontgate.test',
    ...overrides,
  }
  const app = openApp(readConfig(env), { log: makeLog({ logLevel: 'silent' }) })
  await prepareDatabase(app)
  const logged: string[] = []
  const child = await startService(env, logged)
  const t = driverOf(app, port)
  const cast = await castOf(t)
  return {
    port,
    t,
    logged,
    ...cast,
    memory: () => memoryOf(child.pid ?? 0),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      const ended = once(child, 'exit')
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await ended
      }
      running.delete(child)
      await app.close()
    },
  }
}

async function startService(env: NodeJS.ProcessEnv, logged: string[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [program, 'serve'], {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const { promise: started, resolve, reject } = Promise.withResolvers<void>()
  child.once('exit', (code) => reject(new Error(`The service ended with ${code}: ${logged.join('\n')}`)))
  createInterface(child.stdout).on('line', (line) => {
    logged.push(line)
    if (line.includes('"message":"started"')) resolve()
  })
  const late = delay(START_WITHIN_MS, undefined, { ref: false }).then(() =>
    reject(new Error('The service did not start')),
  )
  await Promise.race([started, late])
  return child
}

/** As much of a TestApp as the tools of the tests take, over the wire. */
function driverOf(app: App, port: number): TestApp {
  let calls = 0
  async function call(method = 'GET', url = '/', { body, as, headers }: TestCall = {}): Promise<TestReply> {
    const reply = await fetch(`http://127.0.0.1:${port}${url}`, {
      method,
      headers: {
        'x-forwarded-for': `10.9.${(++calls >> 8) & 255}.${calls & 255}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(as !== undefined && { authorization: `Bearer ${as}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    const isJson = /json/.test(reply.headers.get('content-type') ?? '')
    const of = { status: reply.status, text, body: isJson && text ? JSON.parse(text) : null }
    return { ...of, bytes: Buffer.from(text), headers: Object.fromEntries(reply.headers), cookies: {} }
  }
  return { app, call, access: { tokens: new AccessTokens(app) } } as unknown as TestApp
}

const garbage = [
  'x',
  'a.b.c',
  'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
  `fg_${'x'.repeat(43)}`,
  'bnVsbA.bnVsbA.bnVsbA',
  'x'.repeat(8_000),
]

async function castOf(t: TestApp) {
  let owner: Person = await register(t)
  let viewer: Person = await joined(t, owner.accountId, 'viewer')
  let other: Person = await register(t)
  let staff = await operatorToken(t)
  let product = await productKey(t, [...scopes])
  let madeAt = performance.now()
  const secrets = [PASSWORD, String(testEnvironment.SECRET), product.key]
  const note = (...people: Person[]) =>
    secrets.push(...people.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]))
  note(owner, viewer, other)

  const isGood = async (as: string, path: string) => (await t.call('GET', path, { as })).status === 200
  return {
    secrets,
    bearer(caller: CallerKind, turn: number): string | undefined {
      if (caller === 'nobody') return undefined
      if (caller === 'garbage') return garbage[turn % garbage.length]
      return { member: owner.accessToken, viewer: viewer.accessToken, operator: staff, product: product.key }[
        caller
      ]
    },
    at: (place: Place): string =>
      ({
        account: owner.accountId,
        user: owner.userId,
        session: sessionOf(owner),
        otherAccount: other.accountId,
        otherUser: other.userId,
        email: owner.email,
        password: PASSWORD,
      })[place],
    async renew() {
      const isStale = performance.now() - madeAt > AFTER_SECONDS * 1000
      if (isStale || !(await isGood(owner.accessToken, '/v1/billing/state'))) owner = await register(t)
      if (isStale || !(await isGood(viewer.accessToken, '/v1/billing/state')))
        viewer = await joined(t, owner.accountId, 'viewer')
      if (isStale) other = await register(t)
      staff = await operatorToken(t)
      if (!(await isGood(product.key, `/v1/entitlements?account_id=${other.accountId}`)))
        product = await productKey(t, [...scopes])
      if (isStale) madeAt = performance.now()
      note(owner, viewer, other)
      secrets.push(product.key)
    },
  }
}

function sessionOf({ accessToken }: Person): string {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).sid
}

function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}
