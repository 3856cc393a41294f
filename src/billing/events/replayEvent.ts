import type { Selectable } from 'kysely'
import { audit } from '../../audit/audit.ts'
import type { StripeEvents } from '../../db/tables.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { follow } from '../jobs.ts'

/** A row of the inbox without what Stripe sent. */
export type KeptEvent = Omit<Selectable<StripeEvents>, 'payload'>

/** Has an event of the inbox followed again, whatever had become of it; returns it as it waits now. */
export async function replayEvent(
  tx: Tx,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
  at: Date,
): Promise<KeptEvent> {
  const before = await tx
    .selectFrom('stripe_events')
    .select(['type', 'status', 'reason', 'stripe_customer_id'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!before) throw problem('not-found')
  const ours = await tx
    .selectFrom('stripe_customers')
    .select('account_id')
    .where('stripe_customer_id', '=', before.stripe_customer_id)
    .executeTakeFirst()
  const { payload, ...waiting } = await tx
    .updateTable('stripe_events')
    .set({ status: 'received', reason: null, attempts: 0, handled_at: null })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  // Of a customer that is not ours there is nothing to project: whose it is has to be found out first.
  await follow(tx, id, ours ? before.stripe_customer_id : null)
  const details = {
    event: id,
    type: before.type,
    status_before: before.status,
    reason_before: before.reason,
    reason,
  }
  const accountId = ours?.account_id ?? null
  await audit(tx, caller, { action: 'stripe-event.replayed', accountId, details }, at)
  return waiting
}
