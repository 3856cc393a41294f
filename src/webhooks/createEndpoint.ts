import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { describeEndpoint } from './describeEndpoint.ts'
import { originOf } from './endpoints.ts'
import type { EventType } from './events.ts'
import { whyNoUrl } from './rules.ts'
import { addSecret } from './secrets.ts'
import { beginStock } from './takeStock.ts'

/** Where messages go, and which; `events` null is all of them. */
export interface EndpointOrder {
  url: string
  description: string
  events: EventType[] | null
  /** Where somebody gave one. */
  reason?: string | undefined
}

/**
 * Adds an endpoint that is told of what changes from now on. The reply is the only place where its secret is ever shown.
 */
export async function createEndpoint(
  tx: Tx,
  config: Config,
  caller: Caller<OperatorActor>,
  { url, description, events, reason }: EndpointOrder,
  at: Date,
): Promise<ReturnType<typeof describeEndpoint> & { secret: string }> {
  refuseOddUrl(url, config)
  await beginStock(tx, at)
  const row = await tx
    .insertInto('webhook_endpoints')
    .values({ id: uuidv7(), url, description, events: inOrder(events), created_at: at })
    .returningAll()
    .executeTakeFirstOrThrow()
  const details = { endpoint: row.id, origin: originOf(url), events: row.events, reason }
  const [secret] = await Promise.all([
    addSecret(tx, config, row.id, at),
    audit(tx, caller, { action: 'webhook-endpoint.created', details }, at),
  ])
  return { ...describeEndpoint(row), secret }
}

/** Refuses a URL to which nothing is sent. */
export function refuseOddUrl(url: string, { publicUrl }: Pick<Config, 'publicUrl'>): void {
  const detail = whyNoUrl(url, publicUrl)
  if (detail) throw problem('invalid-request', { errors: [{ pointer: '#/url', detail }] })
}

/** Each once. */
export function inOrder(events: EventType[] | null): EventType[] | null {
  return events && [...new Set(events)].sort()
}
