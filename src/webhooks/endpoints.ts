import type { Selectable } from 'kysely'
import type { WebhookEndpoints } from '../db/tables.ts'
import type { Tx } from '../db/transaction.ts'
import { problem } from '../problems.ts'

/** An endpoint, locked until the transaction ends; 404 when there is none. */
export async function lockEndpoint(tx: Tx, id: string): Promise<Selectable<WebhookEndpoints>> {
  const endpoint = await tx
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!endpoint) throw problem('not-found')
  return endpoint
}

/** The same for one that something is to be sent to; 409 when it is disabled. */
export async function lockEnabledEndpoint(tx: Tx, id: string): Promise<Selectable<WebhookEndpoints>> {
  const endpoint = await lockEndpoint(tx, id)
  if (endpoint.disabled_at) throw problem('webhook-endpoint-disabled')
  return endpoint
}

/** Where an endpoint's data goes, for the trail: paths and queries may hold what only the product should know. */
export const originOf = (url: string): string => new URL(url).origin
