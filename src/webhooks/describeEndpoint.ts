import type { Selectable } from 'kysely'
import type { WebhookEndpoints } from '../db/tables.ts'
import type { DisabledBecause } from './disableEndpoint.ts'
import type { EventType } from './events.ts'

/** An endpoint in the words of the wire. */
export function describeEndpoint(row: Selectable<WebhookEndpoints>) {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    events: row.events as Exclude<EventType, 'ping'>[] | null,
    created_at: row.created_at.toISOString(),
    failing_since: row.failing_since?.toISOString() ?? null,
    disabled_at: row.disabled_at?.toISOString() ?? null,
    disabled_because: row.disabled_because as DisabledBecause | null,
  }
}
