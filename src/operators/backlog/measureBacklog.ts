import { Gauge } from 'prom-client'
import type { App } from '../../app.ts'
import { isOfTheConnection } from '../../db/errors.ts'
import { Unavailable } from '../../db/unavailable.ts'
import { type Backlog, readBacklog } from './readBacklog.ts'

/** Whoever asks again sooner is told what was read before: anybody may ask. */
const FRESH_MS = 1_000
const ANSWER_WITHIN_MS = 2_000

/**
 * Lets GET /metrics say what waits in the database, the same in every process. It is read when it is asked for; where the
 * database does not answer soon, or with an error, these figures are left out, and two say so.
 */
export function measureBacklog(app: App): void {
  const ask = askAtMostEvery(app)
  const read = async () => (await ask()).backlog
  const startedAt = app.now()
  const registers = [app.metrics.registry]

  function gauge(name: string, help: string, figure: (backlog: Backlog) => number | null): void {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const backlog = await read()
        const value = backlog && figure(backlog)
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  }
  function jobGauge<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    fill: (gauge: Gauge<L>, backlog: Backlog) => void,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        const backlog = await read()
        this.reset()
        if (backlog) fill(this, backlog)
      },
    })
  }
  const age = (since: Date | null) =>
    since ? Math.max(0, (app.now().getTime() - since.getTime()) / 1000) : 0

  new Gauge({
    name: 'frontgate_database_up',
    help: '1 while the database answers within two seconds',
    registers,
    async collect() {
      this.set((await ask()).isUp ? 1 : 0)
    },
  })
  new Gauge({
    name: 'frontgate_backlog_read',
    help: '1 while what waits in the database can be counted; 0 while those figures are left out',
    registers,
    async collect() {
      this.set((await read()) ? 1 : 0)
    },
  })
  jobGauge(
    'frontgate_jobs_waiting',
    'Jobs by what they wait for: ready, running, later, retrying after a failure, given-up. Up to 10,000 of each priority',
    ['job', 'state'],
    (gauge, { jobs }) => {
      for (const { job, ready, running, later, retrying, given_up } of jobs) {
        const counts = { ready, running, later, retrying, 'given-up': given_up }
        for (const [state, count] of Object.entries(counts)) gauge.set({ job, state }, count)
      }
    },
  )
  jobGauge(
    'frontgate_job_oldest_ready_seconds',
    'How long the job that has been due for longest waits for a worker',
    ['job'],
    (gauge, { jobs }) => {
      for (const { job, oldest_ready } of jobs) gauge.set({ job }, oldest_ready ?? 0)
    },
  )
  gauge('frontgate_workers', 'Processes that take jobs', ({ workers }) => workers)
  gauge(
    'frontgate_stripe_events_received',
    'Events of Stripe that are not followed yet, up to 10,000',
    ({ eventsReceived }) => eventsReceived,
  )
  gauge(
    'frontgate_stripe_oldest_received_seconds',
    'How long the oldest event of Stripe waits to be followed: the lag of the projection',
    ({ oldestReceivedAt }) => age(oldestReceivedAt),
  )
  gauge(
    'frontgate_stripe_events_parked',
    'Events of Stripe that could not be followed and wait for an operator, up to 10,000',
    ({ eventsParked }) => eventsParked,
  )
  gauge(
    'frontgate_stripe_reconciled_seconds',
    'How long ago the last full comparison with Stripe began, or where none has ended the first one or this process; left out without Stripe',
    ({ reconciledAt }) => (app.stripe ? age(reconciledAt ?? startedAt) : null),
  )
  gauge(
    'frontgate_webhooks_waiting',
    'Webhooks that wait to be delivered, up to 10,000',
    ({ webhooksWaiting }) => webhooksWaiting,
  )
  gauge(
    'frontgate_webhook_oldest_waiting_seconds',
    'Age of the oldest webhook that waits to be delivered',
    ({ oldestWebhookAt }) => age(oldestWebhookAt),
  )
  gauge(
    'frontgate_webhook_endpoints_disabled',
    'Webhook endpoints that are disabled, by an operator or because they failed',
    ({ endpointsDisabled }) => endpointsDisabled,
  )
}

interface Answer {
  backlog: Backlog | null
  /** Whether the database answers, if only with an error. */
  isUp: boolean
}

const NO_ANSWER: Answer = { backlog: null, isUp: false }

/** One statement at a time, and none while a late one may still come; what it finds serves all gauges of a scrape. */
function askAtMostEvery(app: App): () => Promise<Answer> {
  let asking: Promise<Answer> | undefined
  let known = Promise.resolve(NO_ANSWER)
  let askedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - askedAt < FRESH_MS) return known
    askedAt = performance.now()
    asking ??= readBacklog(app.pool)
      .then((backlog) => ({ backlog, isUp: true }))
      .catch((error: unknown) => {
        app.log.warn({ error }, 'what waits in the database could not be counted')
        return { backlog: null, isUp: !(error instanceof Unavailable || isOfTheConnection(error)) }
      })
      .finally(() => {
        asking = undefined
      })
    known = Promise.race([asking, late()])
    return known
  }
}

function late(): Promise<Answer> {
  return new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS, NO_ANSWER).unref())
}
