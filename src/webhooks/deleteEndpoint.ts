import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { lockEndpoint, originOf } from './endpoints.ts'

/** Deletes an endpoint with its secrets and deliveries. With the last one goes all that was told: nobody listens any more. */
export async function deleteEndpoint(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { id, reason }: { id: string; reason: string },
  at: Date,
): Promise<void> {
  // Held, so that nobody adds one to what is about to be forgotten.
  await tx.selectFrom('webhook_watch').select('one').forUpdate().execute()
  const { rows } = await sql<{ is_last: boolean }>`
    select not exists (select from webhook_endpoints o where o.id <> e.id) as is_last
    from webhook_endpoints e where e.id = ${id}`.execute(tx)
  if (!rows[0]) throw problem('not-found')
  // In the order in which whoever tells or delivers locks them: what was told, the endpoint, its deliveries.
  if (rows[0].is_last) await tx.deleteFrom('webhook_told').execute()
  const { url } = await lockEndpoint(tx, id)
  if (rows[0].is_last) await stopListening(tx)
  await tx.deleteFrom('webhook_endpoints').where('id', '=', id).execute()
  const details = { endpoint: id, origin: originOf(url), reason }
  await audit(tx, caller, { action: 'webhook-endpoint.deleted', details }, at)
}

async function stopListening(tx: Tx): Promise<void> {
  await tx
    .updateTable('webhook_watch')
    .set({ xid: null, looked_at: null, stock: null, stock_at: null })
    .execute()
  await tx.deleteFrom('webhook_messages').execute()
}
