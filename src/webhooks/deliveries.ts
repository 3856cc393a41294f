import type { Db } from '../db/database.ts'

export const deliveryStates = ['waiting', 'delivered', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** How the latest attempt ended. */
export const outcomes = [
  'delivered',
  'refused',
  'timeout',
  'unreachable',
  'unsigned',
  'endpoint-disabled',
] as const
type Outcome = (typeof outcomes)[number]

/** Deliveries with what their messages are about, without what is in them. */
export function deliveries(db: Db) {
  return db
    .selectFrom('webhook_deliveries as d')
    .innerJoin('webhook_messages as m', 'm.id', 'd.message_id')
    .select(['d.id', 'd.endpoint_id', 'd.message_id', 'm.type', 'm.account_id', 'd.state', 'd.attempts'])
    .select(['d.created_at', 'd.next_attempt_at', 'd.last_attempt_at', 'd.last_outcome', 'd.last_status'])
    .select(['d.delivered_at', 'd.given_up_at'])
}

type Row = Awaited<ReturnType<ReturnType<typeof deliveries>['execute']>>[number]

/** A delivery in the words of the wire. */
export function describeDelivery(row: Row) {
  return {
    ...row,
    state: row.state as DeliveryState,
    last_outcome: row.last_outcome as Outcome | null,
    created_at: row.created_at.toISOString(),
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
    last_attempt_at: row.last_attempt_at?.toISOString() ?? null,
    delivered_at: row.delivered_at?.toISOString() ?? null,
    given_up_at: row.given_up_at?.toISOString() ?? null,
  }
}
