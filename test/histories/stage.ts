import { setTimeout as delay } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { inject } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { bringJobsForward } from '../../sandbox/settle.ts'
import { type App, openApp } from '../../src/app.ts'
import { bringPrices } from '../../src/billing/prices/applyPrices.ts'
import { projectCustomer } from '../../src/billing/projection/projectCustomer.ts'
import { readConfig } from '../../src/config.ts'
import { makeLog } from '../../src/http/log.ts'
import { ServiceProcess } from '../races/serviceProcess.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from '../support/scratchPostgres.ts'
import { type ServedStandIn, STRIPE_KEY, STRIPE_SIGNING_SECRET, startStandIn } from '../support/stripeApp.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const PATIENCE_MS = 180_000
const DAY = 86_400
/** Longer than the service is ever away, so that what is delivered again is never given up. */
const TRY_AGAIN = Array.from({ length: 200 }, () => 250)

/** An account that is a customer at Stripe already. */
export interface Payer {
  accountId: string
  customer: string
}

/** The real program in a process that can be killed, on a real database, beside a Stripe in this process. */
export class Stage {
  readonly app: App
  readonly standIn: ServedStandIn
  readonly #env: NodeJS.ProcessEnv
  readonly #leave: () => Promise<void>
  #service: ServiceProcess | undefined
  kills = 0
  readonly #looks = new Set<Promise<unknown>>()

  private constructor(app: App, standIn: ServedStandIn, env: NodeJS.ProcessEnv, leave: () => Promise<void>) {
    this.app = app
    this.standIn = standIn
    this.#env = env
    this.#leave = leave
  }

  static async set(overrides: NodeJS.ProcessEnv = {}): Promise<Stage> {
    const serverUrl = inject('serverUrl')
    const name = `test_${uuidv7().replaceAll('-', '')}`
    const databaseUrl = await createScratchDatabase(serverUrl, name, TEMPLATE)
    const port = await freePort(0)
    const standIn = await startStandIn({
      now: () => new Date(),
      webhookUrl: `http://127.0.0.1:${port}/v1/webhooks/stripe`,
      retryAfterMs: TRY_AGAIN,
    })
    const env = {
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      STRIPE_SECRET_KEY: STRIPE_KEY,
      STRIPE_WEBHOOK_SECRET: STRIPE_SIGNING_SECRET,
      STRIPE_API_URL: standIn.url,
      STRIPE_READS_PER_SECOND: '500',
      LOG_LEVEL: 'info',
      WORKER_CONCURRENCY: '8',
      ...overrides,
    }
    const config = readConfig({ ...testEnvironment, ...env, LOG_LEVEL: 'silent' })
    const app = openApp(config, { log: makeLog(config) })
    await bringPrices(app)
    const stage = new Stage(app, standIn, env, async () => {
      await standIn.close()
      await app.close()
      await dropScratchDatabase(serverUrl, name)
    })
    await stage.raise()
    return stage
  }

  /** Accounts with an owner each, linked to customers at Stripe as a first checkout links them. */
  async payers(count: number, clock = false): Promise<Payer[]> {
    const payers = await Promise.all(Array.from({ length: count }, () => this.#payer(clock)))
    const at = this.app.now()
    const users = payers.map(() => uuidv7())
    const columns = [users, payers.map(({ accountId }) => accountId), payers.map(({ customer }) => customer)]
    await this.app.pool.query(
      `with given as (select * from unnest($1::uuid[], $2::uuid[], $3::text[]) g (user_id, account_id, customer)),
        u as (insert into users (id, email, created_at) select user_id, user_id || '@customer.example', $4 from given),
        a as (insert into accounts (id, name, created_at) select account_id, 'Someone', $4 from given),
        m as (insert into members (account_id, user_id, role, created_at) select account_id, user_id, 'owner', $4 from given)
       insert into stripe_customers (id, account_id, stripe_customer_id, asked, created_at)
       select gen_random_uuid(), account_id, customer, '{}', $4 from given`,
      [...columns, at],
    )
    return payers
  }

  async #payer(onClock: boolean): Promise<Payer> {
    const { sdk } = this.standIn
    const frozen_time = Math.floor(Date.now() / 1000)
    const clock = onClock ? await sdk.testHelpers.testClocks.create({ frozen_time }) : undefined
    const { id } = await sdk.customers.create(clock ? { test_clock: clock.id } : {})
    return { accountId: uuidv7(), customer: id }
  }

  async raise(): Promise<void> {
    this.#service = await ServiceProcess.start(this.#env)
  }

  /** kill -9, and up again. */
  async crash(): Promise<void> {
    this.#service?.kill('SIGKILL')
    await this.#service?.ended
    this.kills++
    await this.raise()
  }

  /** Begins to look at a customer, beside whatever the program does; what comes of it is awaited by `rest`. */
  look(customer: string): void {
    // Stripe may fail just now: then nobody has looked.
    const look = projectCustomer(this.app, customer, 'job').catch(() => undefined)
    this.#looks.add(look)
    void look.finally(() => this.#looks.delete(look))
  }

  /** Delivers what is left, and waits until nothing is promised any more. */
  async rest(): Promise<void> {
    const { deliveries } = this.standIn.stripe
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      deliveries.release()
      await deliveries.settle(AbortSignal.timeout(PATIENCE_MS))
      await bringJobsForward(this.app, DAY)
      const { rows } = await this.app.pool.query<{ task: string; last_error: string | null }>(
        `select task_identifier as task, last_error from graphile_worker.jobs where (task_identifier like 'billing.%' or task_identifier = 'mail.send') and attempts < max_attempts`,
      )
      if (rows.length === 0 && deliveries.pending().length === 0) {
        // Last, so that an answer that comes late has the chance to be written over a later one.
        if (this.#looks.size === 0) return
        await Promise.all(this.#looks)
      }
      if (Date.now() > until)
        throw new Error(
          `Still pending: ${deliveries.pending().length} events, ${JSON.stringify(rows.slice(0, 3))}`,
        )
      await delay(50)
    }
  }

  async strike(): Promise<void> {
    this.#service?.kill('SIGKILL')
    await this.#service?.ended
    await this.#leave()
  }
}
