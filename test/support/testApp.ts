import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { inject as send } from 'light-my-request'
import { inject, onTestFinished } from 'vitest'
import { type Mail, Mailbox } from '../../sandbox/mailbox/mailbox.ts'
import { startMailServer } from '../../sandbox/mailbox/startMailServer.ts'
import { settle } from '../../sandbox/settle.ts'
import type { Access } from '../../src/access/access.ts'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { makeLog } from '../../src/http/log.ts'
import type { Server } from '../../src/http/server.ts'
import { buildServer } from '../../src/server.ts'
import { startWorker, sweeps } from '../../src/worker.ts'
import { TEMPLATE } from './globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from './scratchPostgres.ts'
import { testEnvironment } from './testEnvironment.ts'
import { untilOthersCommit } from './untilOthersCommit.ts'

const PATIENCE_MS = 20_000

/** A request as a test writes it: the body is JSON, `as` is an access token, `from` the client's address. */
export interface TestCall {
  body?: unknown
  as?: string
  from?: string
  cookies?: Record<string, string>
  headers?: Record<string, string>
  /** The reply goes on for ever: it is left after what it begins with. */
  isEndless?: boolean
}

/** A whole service on a database of its own, with a clock that only moves when told to, and a real mail server. */
export interface TestApp {
  app: App
  access: Access
  fastify: Server['fastify']
  databaseUrl: string
  /** What the service has logged, line by line. */
  logged: string[]
  mailbox: Mailbox
  call: (method: InjectOptions['method'], url: string, options?: TestCall) => Promise<TestReply>
  /** Moves the clock, runs what has become due, and waits until it is done. */
  advance: (seconds: number) => Promise<void>
  /** Moves the clock, and nothing else. */
  moveClock: (seconds: number) => void
  /** Runs what has become due, and waits until it is done. */
  sweep: () => Promise<void>
  /** Waits until every promised job is done. */
  settled: () => Promise<void>
  /** Mails to an address, the newest first, once all promised ones are sent. */
  mailsTo: (address: string) => Promise<Mail[]>
  close: () => Promise<void>
}

export interface TestReply {
  status: number
  // Tests look at replies the way a client without types does.
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what the tests assert
  body: any
  text: string
  bytes: Buffer
  headers: LightMyRequestResponse['headers']
  cookies: Record<string, string>
}

/** Starts a service for a test file, or for one test with settings of its own. Call `close` when done. */
export async function startTestApp(
  overrides: NodeJS.ProcessEnv = {},
  options: TestOptions = {},
): Promise<TestApp> {
  const serverUrl = inject('serverUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const databaseUrl = await createScratchDatabase(serverUrl, name, TEMPLATE)
  const testApp = await startTestAppAs(databaseUrl, overrides, options)
  return {
    ...testApp,
    async close() {
      await testApp.close()
      await dropScratchDatabase(serverUrl, name)
    },
  }
}

interface TestOptions {
  work?: boolean
  fetch?: typeof globalThis.fetch
}

/** The same on a database that is there, and stays, as whoever the URL names. */
export async function startTestAppAs(
  databaseUrl: string,
  overrides: NodeJS.ProcessEnv = {},
  { work = true, fetch = globalThis.fetch }: TestOptions = {},
): Promise<TestApp> {
  const clock = { offset: 0, started: Date.now() }
  // Stands still between calls of `advance`, so that a test can name instants.
  const now = () => new Date(clock.started + clock.offset)
  const mailbox = new Mailbox()
  const mailServer = await startMailServer(mailbox, { now, preferredPort: 0 })
  const logged: string[] = []
  const config = readConfig({
    ...testEnvironment,
    DATABASE_URL: databaseUrl,
    SMTP_URL: mailServer.url,
    ...overrides,
  })
  const log = makeLog(
    { ...config, logLevel: 'info' },
    new Writable({
      write: (chunk, _encoding, done) => {
        logged.push(String(chunk))
        done()
      },
    }),
  )
  const app = openApp(config, { now, log, fetch })
  const { server, access } = await buildServer(app)
  await server.fastify.ready()
  await app.tracing?.start()
  await app.changeTail.start()
  const worker = work ? await startWorker(app) : undefined

  const moveClock = (seconds: number) => {
    clock.offset += seconds * 1000
  }
  const sweep = async () => {
    await untilOthersCommit(app.pool, AbortSignal.timeout(PATIENCE_MS))
    await settle(app, worker ? sweeps : [], AbortSignal.timeout(PATIENCE_MS))
  }
  const settled = () => settle(app, [], AbortSignal.timeout(PATIENCE_MS))
  return {
    app,
    access,
    fastify: server.fastify,
    databaseUrl,
    logged,
    mailbox,
    call: (method, url, options = {}) => callServer(server, method, url, options),
    async advance(seconds) {
      moveClock(seconds)
      await sweep()
    },
    moveClock,
    sweep,
    settled,
    async mailsTo(address) {
      await settled()
      return mailbox.list(address)
    },
    async close() {
      await server.fastify.close()
      await worker?.stop()
      await app.close()
      await mailServer.stop()
    },
  }
}

/** Starts a service with settings of its own for the test that is running. */
export async function startTestAppWith(
  overrides: NodeJS.ProcessEnv,
  options?: { work?: boolean },
): Promise<TestApp> {
  const testApp = await startTestApp(overrides, options)
  onTestFinished(testApp.close)
  return testApp
}

const sendToEndless: typeof send = (async (handle, request: InjectOptions) => {
  const reply = await send(handle, { ...request, payloadAsStream: true })
  const stream = reply.stream()
  const [body] = await once(stream, 'data')
  if (/event-stream/.test(String(reply.headers['content-type']))) stream.destroy()
  return Object.assign(reply, { body: String(body), rawPayload: body, json: () => JSON.parse(String(body)) })
}) as typeof send

/** Sends a request through the entrance that the listening server has. */
export async function callServer(
  server: Server,
  method: InjectOptions['method'],
  url: string,
  { body, as, from = '127.0.0.1', cookies, headers = {}, isEndless = false }: TestCall,
): Promise<TestReply> {
  const reply = await (isEndless ? sendToEndless : send)(server.handle, {
    method,
    url,
    remoteAddress: from,
    headers: { 'user-agent': 'test', ...(as && { authorization: `Bearer ${as}` }), ...headers },
    ...(cookies && { cookies }),
    ...(body !== undefined && { payload: body as object }),
  } as InjectOptions)
  const isJson = /[/+]json/.test(String(reply.headers['content-type']))
  return {
    status: reply.statusCode,
    body: isJson && reply.body ? reply.json() : null,
    text: reply.body,
    bytes: reply.rawPayload,
    headers: reply.headers,
    cookies: Object.fromEntries(reply.cookies.map(({ name, value }) => [name, value])),
  }
}
