import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { describeEndpoint } from './describeEndpoint.ts'
import type { EventType } from './events.ts'
import { whyNoUrl } from './rules.ts'
import { addSecret } from './secrets.ts'
import { takeStock } from './takeStock.ts'

/** Where messages go, and which; `events` null is all of them. */
export interface EndpointOrder {
  url: string
  description: string
  events: EventType[] | null
}

/**
 * Adds an endpoint that is told of what changes from now on. The reply is the only place where its secret is ever shown.
 * Before the first one, all accounts are looked at, so that they are not told as new.
 */
export async function createEndpoint(
  app: App,
  caller: Caller<OperatorActor>,
  order: EndpointOrder,
  at: Date,
): Promise<ReturnType<typeof describeEndpoint> & { secret: string }> {
  refuseOddUrl(order.url, app.config)
  for (;;) {
    const stock = await takeStock(app, at)
    const created = await inTx(app, (tx) => insertEndpoint(tx, app.config, caller, order, stock, at))
    // The last of the others was deleted in between, and with it what had been told.
    if (created) return created
  }
}

/** Refuses a URL to which nothing is sent. */
export function refuseOddUrl(url: string, { publicUrl }: Pick<Config, 'publicUrl'>): void {
  const detail = whyNoUrl(url, publicUrl)
  if (detail) throw problem('invalid-request', { errors: [{ pointer: '#/url', detail }] })
}

async function insertEndpoint(
  tx: Tx,
  config: Config,
  caller: Caller<OperatorActor>,
  { url, description, events }: EndpointOrder,
  stock: string | null,
  at: Date,
) {
  const { rows } = await sql`
    update webhook_watch
    set looked_at = case when xid is null then clock_timestamp() else looked_at end, xid = coalesce(xid, ${stock}::xid8)
    where xid is not null or ${stock}::xid8 is not null
    returning xid`.execute(tx)
  if (rows.length === 0) return null
  const row = await tx
    .insertInto('webhook_endpoints')
    .values({ id: uuidv7(), url, description, events: inOrder(events), created_at: at })
    .returningAll()
    .executeTakeFirstOrThrow()
  const details = { endpoint: row.id, events: row.events }
  const [secret] = await Promise.all([
    addSecret(tx, config, row.id, at),
    audit(tx, caller, { action: 'webhook-endpoint.created', details }, at),
  ])
  return { ...describeEndpoint(row), secret }
}

/** Each once. */
export function inOrder(events: EventType[] | null): EventType[] | null {
  return events && [...new Set(events)].sort()
}
