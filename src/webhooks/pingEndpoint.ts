import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { deliveries, describeDelivery } from './deliveries.ts'
import { lockEnabledEndpoint } from './endpoints.ts'
import { postMessages } from './postMessage.ts'

/** Promises an endpoint a message that says nothing, and returns its delivery. */
export async function pingEndpoint(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { id, reason }: { id: string; reason?: string | undefined },
  at: Date,
) {
  await lockEnabledEndpoint(tx, id)
  const receiver = { id, events: null, isDisabled: false }
  const draft = { type: 'ping', accountId: null, data: { endpoint_id: id } } as const
  const [messageId] = await postMessages(tx, [receiver], [draft], at)
  const details = { endpoint: id, reason }
  await audit(tx, caller, { action: 'webhook-endpoint.pinged', details }, at)
  const query = deliveries(tx).where('d.message_id', '=', String(messageId))
  return describeDelivery(await query.executeTakeFirstOrThrow())
}
