import { sql } from 'kysely'
import type { App } from '../app.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { observedFetch } from '../tracing/callOut.ts'
import { disableEndpoint } from './disableEndpoint.ts'
import { promiseDelivery } from './postMessage.ts'
import { type DELIVERY_OUTCOMES, hasFailedTooLong, hasPlace, waitAfter } from './rules.ts'
import { openSecret } from './secrets.ts'
import { type Answer, sendMessage } from './sendMessage.ts'

/** How many messages are under way to one endpoint at a time; to one that fails there is only one. */
const LANES = 4
/** After so long another endpoint has its turn. */
const SHIFT_MS = 10_000
/** What is not settled by then was under way in a process that is gone. */
const LOST_AFTER_SECONDS = 60
/** What is due later than that is found by a sweep, which comes once a minute. */
const SOON_SECONDS = 90
const PUT_OFF_SECONDS = 1
/** Longer than it takes until others that were put off are tried again, so that they come first. */
const NEXT_TURN_SECONDS = 4
/** Who refuses a message sooner holds up nobody, and may take the next. */
const SLOW_MS = 1_000

/** The endpoints that are delivered to by this process right now, and whether they fail. */
const shiftsOf = new WeakMap<App, Map<string, boolean>>()

/**
 * Delivers what is due at an endpoint, for a while. Of the places for jobs, half are kept from all endpoints together, and of
 * those that are left half from endpoints that fail, so that none that is slow holds up mails, what follows Stripe, or for long
 * another endpoint.
 */
export async function deliver(app: App, { endpoint }: { endpoint: string }): Promise<void> {
  const isFailing = (await failingSince(app, endpoint)) !== null
  const shifts = shiftsOf.get(app) ?? new Map<string, boolean>()
  shiftsOf.set(app, shifts)
  // Whoever is at it looks once more when they are done.
  if (shifts.has(endpoint)) return
  if (!hasPlace([...shifts.values()], isFailing, app.config.workerConcurrency)) {
    return inTx(app, (tx) => promiseDelivery(tx, endpoint, { delaySeconds: PUT_OFF_SECONDS, as: 'put off' }))
  }
  shifts.set(endpoint, isFailing)
  const until = performance.now() + SHIFT_MS
  let hasFailed: boolean
  try {
    const lanes = Array.from({ length: isFailing ? 1 : LANES }, () => deliverUntil(app, endpoint, until))
    hasFailed = (await Promise.all(lanes)).includes('failed')
  } finally {
    shifts.delete(endpoint)
  }
  const isOver = performance.now() >= until
  await promiseRest(app, endpoint, hasFailed ? NEXT_TURN_SECONDS : isOver ? PUT_OFF_SECONDS + 1 : 0)
}

async function failingSince({ db }: App, endpoint: string): Promise<Date | null> {
  const row = await db
    .selectFrom('webhook_endpoints')
    .select('failing_since')
    .where('id', '=', endpoint)
    .executeTakeFirst()
  return row?.failing_since ?? null
}

/** Until nothing is due, time is up, or an attempt has failed that was not simply refused: such may hold a place for long. */
async function deliverUntil(app: App, endpoint: string, until: number): Promise<'failed' | 'done'> {
  while (performance.now() < until) {
    const taken = await take(app, endpoint)
    if (!taken) return 'done'
    const began = performance.now()
    const answer = await send(app, endpoint, taken)
    await settle(app, endpoint, taken, answer)
    const { outcome, status } = answer
    // 429 says that the next would be too many as well.
    const isRefused = status !== null && status < 500 && status !== 429 && performance.now() - began < SLOW_MS
    if (outcome !== 'delivered' && !isRefused) return 'failed'
  }
  return 'done'
}

async function send(app: App, endpoint: string, taken: Taken): Promise<Answer> {
  const { url, message_id: messageId, body, sent_at: sentAt } = taken
  const secrets = openSecrets(app, endpoint, taken.sealed)
  if (!secrets) return { outcome: 'unsigned', status: null, askedSeconds: 0 }
  const agent = `Frontgate/${app.config.version}`
  const message = { url, messageId, body, secrets, sentAt, agent }
  return sendMessage(message, { fetch: observedFetch(app.metrics, 'webhook-endpoint', fetch) })
}

/** Null where one does not open, as after SECRET was changed without sealing them anew. */
function openSecrets({ config, log }: App, endpoint: string, sealed: Buffer[]): string[] | null {
  try {
    return sealed.map((one) => openSecret(config, endpoint, one))
  } catch (error) {
    log.error({ endpoint, error }, 'the secret of a webhook endpoint cannot be opened: roll it')
    return null
  }
}

interface Taken {
  id: string
  attempts: number
  message_id: string
  body: string
  url: string
  sealed: Buffer[]
  /** By the clock of the database: those who receive it compare it with theirs, which nobody moves. */
  sent_at: Date
}

/** Takes what is due first, unless somebody else has it. The attempt counts from here on, whatever becomes of us. */
async function take(app: App, endpoint: string): Promise<Taken | undefined> {
  const at = app.now()
  const { rows } = await sql<Taken>`
    with due as (
      select id from webhook_deliveries
      where endpoint_id = ${endpoint} and state = 'waiting' and next_attempt_at <= ${at}
      order by next_attempt_at, id limit 1 for update skip locked
    ), taken as (
      update webhook_deliveries d
      set attempts = d.attempts + 1, last_attempt_at = ${at}, next_attempt_at = ${after(at, LOST_AFTER_SECONDS)}
      from due where d.id = due.id
      returning d.id, d.attempts, d.message_id, d.endpoint_id
    )
    select t.id, t.attempts, t.message_id, m.body, e.url, clock_timestamp() as sent_at,
      array(select s.sealed from webhook_secrets s
        where s.endpoint_id = e.id and (s.until_at is null or s.until_at > ${at})
        order by s.created_at desc, s.id desc) as sealed
    from taken t join webhook_messages m on m.id = t.message_id join webhook_endpoints e on e.id = t.endpoint_id`.execute(
    app.db,
  )
  return rows[0]
}

async function settle(app: App, endpoint: string, taken: Taken, answer: Answer): Promise<void> {
  const at = app.now()
  if (answer.outcome === 'delivered') {
    await inTx(app, (tx) => noteDelivered(tx, endpoint, taken, answer, at))
    countDelivery(app, 'delivered')
    return
  }
  const { isGivenUp, disabled } = await inTx(app, (tx) => noteFailure(tx, endpoint, taken, answer, at))
  countDelivery(app, isGivenUp ? 'given-up' : 'failed')
  const { outcome, status } = answer
  const details = { endpoint, delivery: taken.id, attempts: taken.attempts, outcome, status }
  if (isGivenUp) app.log.warn(details, 'a webhook was given up')
  if (!disabled) return
  app.metrics.webhookEndpointsDisabled.inc({ because: disabled })
  app.log.error(
    { endpoint, because: disabled },
    'a webhook endpoint was disabled: what it misses can be replayed',
  )
}

function countDelivery({ metrics }: App, outcome: (typeof DELIVERY_OUTCOMES)[number]): void {
  metrics.webhookDeliveries.inc({ outcome })
}

async function noteDelivered(
  tx: Tx,
  endpoint: string,
  taken: Taken,
  { status }: Answer,
  at: Date,
): Promise<void> {
  await tx
    .updateTable('webhook_endpoints')
    .set({ failing_since: null })
    .where('id', '=', endpoint)
    .where('failing_since', 'is not', null)
    .execute()
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'delivered', next_attempt_at: null, given_up_at: null, delivered_at: at })
    .set({ last_outcome: 'delivered', last_status: status })
    .where('id', '=', taken.id)
    .where('attempts', '=', taken.attempts)
    .execute()
}

/** The endpoint is locked before the delivery, as whoever disables it does. */
async function noteFailure(tx: Tx, endpoint: string, taken: Taken, answer: Answer, at: Date) {
  const row = await tx
    .updateTable('webhook_endpoints')
    .set((e) => ({ failing_since: e.fn.coalesce('failing_since', e.val(at)) }))
    .where('id', '=', endpoint)
    .returning('failing_since')
    .executeTakeFirst()
  const wait = answer.status === 410 ? null : waitAfter(taken.attempts, Math.random(), answer.askedSeconds)
  await tx
    .updateTable('webhook_deliveries')
    .set(
      wait === null
        ? { state: 'failed', next_attempt_at: null, given_up_at: at }
        : { next_attempt_at: after(at, wait) },
    )
    .set({ last_outcome: answer.outcome, last_status: answer.status })
    .where('id', '=', taken.id)
    .where('attempts', '=', taken.attempts)
    .where('state', '=', 'waiting')
    .execute()
  const because = whyDisabled(answer, row?.failing_since ?? at, at)
  const disabled = because !== null && (await disableEndpoint(tx, endpoint, because, at)) ? because : null
  return { isGivenUp: wait === null, disabled }
}

function whyDisabled({ status }: Answer, failingSince: Date, at: Date): 'gone' | 'failing' | null {
  if (status === 410) return 'gone'
  return hasFailedTooLong(failingSince, at) ? 'failing' : null
}

/** Promises what is left when a shift is over, or due again soon. */
async function promiseRest(app: App, endpoint: string, notBefore: number): Promise<void> {
  const at = app.now()
  await inTx(app, async (tx) => {
    const { next } = await tx
      .selectFrom('webhook_deliveries')
      .select((e) => e.fn.min('next_attempt_at').as('next'))
      .where('endpoint_id', '=', endpoint)
      .where('state', '=', 'waiting')
      .executeTakeFirstOrThrow()
    if (next === null || next > after(at, SOON_SECONDS)) return
    const seconds = Math.max(notBefore, Math.ceil((next.getTime() - at.getTime()) / 1000))
    await promiseDelivery(tx, endpoint, seconds > 0 ? { delaySeconds: seconds, as: 'retry' } : undefined)
  })
}

/** Promises what has become due at any endpoint. */
export async function sweepDeliveries(app: App, at: Date): Promise<void> {
  const due = await app.db
    .selectFrom('webhook_deliveries')
    .select('endpoint_id')
    .distinct()
    .where('state', '=', 'waiting')
    .where('next_attempt_at', '<=', at)
    .orderBy('endpoint_id')
    .execute()
  for (const { endpoint_id } of due) await inTx(app, (tx) => promiseDelivery(tx, endpoint_id))
}

const after = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000)
