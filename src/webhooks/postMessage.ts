import { v7 as uuidv7 } from 'uuid'
import type { Tx } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import type { EventType } from './events.ts'
import { deliverJob } from './jobs.ts'

const MOST_ROWS = 1_000

/** A message before it has an id. */
export interface Draft {
  type: EventType
  /** Null for one that is about no account. */
  accountId: string | null
  data: object
}

/** Where a message goes: to all that ask for its type, or to one that is pinged. */
export interface Receiver {
  id: string
  events: string[] | null
  isDisabled: boolean
}

/**
 * All endpoints, held until the transaction ends: one that is disabled meanwhile gives up what is written here too. They
 * are in the order of their ids, in which jobs are promised, so that no two wait for each other.
 */
export async function holdReceivers(tx: Tx): Promise<Receiver[]> {
  const rows = await tx
    .selectFrom('webhook_endpoints')
    .select(['id', 'events', 'disabled_at'])
    .orderBy('id')
    .forKeyShare()
    .execute()
  return rows.map(({ id, events, disabled_at }) => ({ id, events, isDisabled: disabled_at !== null }))
}

/**
 * Writes messages with their deliveries, and promises those. To an endpoint that is disabled they are given up at once:
 * they can be replayed. Returns the ids.
 */
export async function postMessages(
  tx: Tx,
  receivers: Receiver[],
  drafts: Draft[],
  at: Date,
): Promise<string[]> {
  const posted = drafts.map(({ type, accountId, data }) => ({
    id: `msg_${uuidv7().replaceAll('-', '')}`,
    type,
    account_id: accountId,
    body: JSON.stringify({ type, timestamp: at.toISOString(), data }),
    created_at: at,
  }))
  const deliveries = posted.flatMap(({ id, type }) =>
    receivers
      .filter(({ events }) => type === 'ping' || events === null || events.includes(type))
      .map((receiver) => deliveryOf(id, receiver, at)),
  )
  for (const rows of slicesOf(posted)) await tx.insertInto('webhook_messages').values(rows).execute()
  for (const rows of slicesOf(deliveries)) await tx.insertInto('webhook_deliveries').values(rows).execute()
  const waiting = new Set(deliveries.filter(({ state }) => state === 'waiting').map((one) => one.endpoint_id))
  for (const { id } of receivers) if (waiting.has(id)) await promiseDelivery(tx, id)
  return posted.map(({ id }) => id)
}

/** As many rows as fit into one statement, which takes no more than 65,535 values. */
function slicesOf<Row>(rows: Row[]): Row[][] {
  const slices: Row[][] = []
  for (let i = 0; i < rows.length; i += MOST_ROWS) slices.push(rows.slice(i, i + MOST_ROWS))
  return slices
}

function deliveryOf(messageId: string, { id: endpointId, isDisabled }: Receiver, at: Date) {
  const row = { id: uuidv7(), message_id: messageId, endpoint_id: endpointId, created_at: at }
  return isDisabled
    ? {
        ...row,
        state: 'failed',
        next_attempt_at: null,
        last_outcome: 'endpoint-disabled',
        given_up_at: at,
      }
    : { ...row, state: 'waiting', next_attempt_at: at, last_outcome: null, given_up_at: null }
}

/** Promises to deliver what is due at an endpoint, now or a little later; one job of each kind waits at a time. */
export async function promiseDelivery(
  tx: Tx,
  endpointId: string,
  later?: { delaySeconds: number; as: 'retry' | 'put off' },
): Promise<void> {
  // What comes later has a key of its own: it does not put off what is due now.
  const key = `${deliverJob.name} ${endpointId} ${later?.as ?? 'now'}`
  const delay = later && { delaySeconds: later.delaySeconds }
  await enqueue(tx, deliverJob, { endpoint: endpointId }, { key, ...delay })
}
