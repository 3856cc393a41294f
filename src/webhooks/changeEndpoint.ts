import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { type EndpointOrder, inOrder, refuseOddUrl } from './createEndpoint.ts'
import { describeEndpoint } from './describeEndpoint.ts'
import { disable } from './disableEndpoint.ts'
import { lockEndpoint, originOf } from './endpoints.ts'

/** What becomes of an endpoint; what is left out stays. */
export interface EndpointChange extends Partial<EndpointOrder> {
  enabled?: boolean
  reason?: string
}

/**
 * Changes an endpoint. What it missed while it was disabled is not sent by enabling it: that can be replayed. What
 * waits for an endpoint that gets another URL goes there.
 */
export async function changeEndpoint(
  tx: Tx,
  config: Config,
  caller: Caller<OperatorActor>,
  id: string,
  { url, description, events, enabled, reason }: EndpointChange,
  at: Date,
) {
  if (url !== undefined) refuseOddUrl(url, config)
  const before = await lockEndpoint(tx, id)
  if (enabled === false) await disable(tx, id, 'operator', at)
  const isEnabled = enabled === true && before.disabled_at !== null
  const after = await tx
    .updateTable('webhook_endpoints')
    .set({
      url: url ?? before.url,
      description: description ?? before.description,
      events: events === undefined ? before.events : inOrder(events),
      ...(isEnabled && { disabled_at: null, disabled_because: null, failing_since: null }),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  const details = {
    endpoint: id,
    origin: originOf(after.url),
    old_origin: originOf(before.url),
    changed: Object.entries({ url, description, events, enabled }).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    ),
    enabled: after.disabled_at === null,
    reason: reason ?? null,
  }
  await audit(tx, caller, { action: 'webhook-endpoint.changed', details }, at)
  return describeEndpoint(after)
}
