import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fastify from 'fastify'
import { Mailbox } from '../../sandbox/mailbox/mailbox.ts'
import { startMailServer } from '../../sandbox/mailbox/startMailServer.ts'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { createStripe, type StripeStandIn } from '../../sandbox/stripe/engine/createStripe.ts'
import { AccessTokens } from '../../src/access/accessTokens.ts'
import { type App, openApp } from '../../src/app.ts'
import { bringPrices } from '../../src/billing/prices/applyPrices.ts'
import { readConfig } from '../../src/config.ts'
import { inTx } from '../../src/db/transaction.ts'
import { systemCaller } from '../../src/http/actor.ts'
import { makeLog } from '../../src/http/log.ts'
import { addOperator } from '../../src/operators/addOperator.ts'
import { prepareDatabase } from '../../src/prepare.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

export const SIGNING_SECRET = 'whsec_sandbox'
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const silent = { warn() {}, error() {}, info() {}, debug() {} } as unknown as App['log']

/** A process of the service that can be killed. */
export interface Process {
  name: string
  origin: string
  child: ChildProcess
}

/** What processes of the service have logged that nobody should have to read. */
export interface Complaints {
  errors: number
  /** Messages of those that are no refusal for want of the database, each once. */
  unexpected: Set<string>
}

/** Two processes that serve and two that work, on one database, with a Stripe and a mail server in this process. */
export interface Installation {
  /** For what a test sets up and counts. */
  app: App
  stripe: StripeStandIn
  mailbox: Mailbox
  serving: Process[]
  working: Process[]
  complaints: Complaints
  operatorToken: string
}

export async function openInstallation(
  started: AsyncDisposableStack,
  { databaseUrl, folder }: { databaseUrl: string; folder: string },
): Promise<Installation> {
  const now = () => new Date()
  const mailbox = new Mailbox()
  const mailServer = await startMailServer(mailbox, { now, preferredPort: 0 })
  started.defer(() => mailServer.stop())
  const stripe = createStripe({
    now,
    // What is told of is sent by a client that knows several processes.
    webhook: null,
    secretKey: 'sk_test_sandbox',
    publicUrl: 'http://localhost:4100',
    log: silent,
  })
  const atStripe = fastify({ forceCloseConnections: true })
  await atStripe.register(stripe.routes)
  await atStripe.listen({ host: '127.0.0.1', port: 0 })
  started.defer(() => atStripe.close())
  const env = {
    ...testEnvironment,
    DATABASE_URL: databaseUrl,
    SMTP_URL: mailServer.url,
    STRIPE_SECRET_KEY: 'sk_test_sandbox',
    STRIPE_WEBHOOK_SECRET: SIGNING_SECRET,
    STRIPE_API_URL: `http://127.0.0.1:${(atStripe.server.address() as AddressInfo).port}`,
    STRIPE_READS_PER_SECOND: '200',
  }
  const config = readConfig({ ...env, LOG_LEVEL: 'silent' })
  const app = openApp(config, { log: makeLog(config) })
  started.defer(() => app.close())
  await prepareDatabase(app)
  await bringPrices(app)
  const { id } = await inTx(app, (tx) =>
    addOperator(tx, systemCaller, { email: 'operator@frontgate.example' }, now()),
  )
  const operatorToken = await new AccessTokens(app).issueToOperator(id, now())
  const complaints: Complaints = { errors: 0, unexpected: new Set() }
  const start = async (name: string, args: string[]) => {
    const process = await startProcess({ name, args, env, folder, complaints })
    started.defer(async () => {
      process.child.kill('SIGKILL')
    })
    return process
  }
  const serve = ['serve', '--no-work', '--no-migrate']
  const work = ['work', '--no-migrate']
  const serving = await Promise.all(['serve1', 'serve2'].map((name) => start(name, serve)))
  const working = await Promise.all(['work1', 'work2'].map((name) => start(name, work)))
  return { app, stripe, mailbox, serving, working, complaints, operatorToken }
}

interface Starting {
  name: string
  args: string[]
  env: NodeJS.ProcessEnv
  folder: string
  complaints: Complaints
}

async function startProcess({ name, args, env, folder, complaints }: Starting): Promise<Process> {
  const port = await freePort(0)
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...env, HOST: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const file = createWriteStream(join(folder, `${name}.log`))
  child.stderr.pipe(file, { end: false })
  const { promise: began, resolve } = Promise.withResolvers<void>()
  createInterface(child.stdout).on('line', (line) => {
    file.write(`${line}\n`)
    if (line.includes('"message":"started"')) resolve()
    if (line.includes('"level":"error"')) note(line, complaints)
  })
  await Promise.race([
    began,
    once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${code}: see ${folder}/${name}.log`)
    }),
  ])
  return { name, origin: `http://127.0.0.1:${port}`, child }
}

function note(line: string, complaints: Complaints): void {
  complaints.errors++
  const { message, error, job } = JSON.parse(line) as Record<string, unknown>
  const text = JSON.stringify(error ?? '')
  if (/Unavailable|is unavailable/.test(text)) return
  complaints.unexpected.add(`${message} ${job ?? ''} ${text}`.slice(0, 600))
}
