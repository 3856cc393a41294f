import { createHmac } from 'node:crypto'
import type Stripe from 'stripe'
import type { Wire } from '../objects.ts'

const THIN_END = 'thin'

/** The thin notification of an event: https://docs.stripe.com/event-destinations#thin-payload */
export function thinNotification(event: Wire<Stripe.Event>): object {
  const { id, object } = event.data.object as unknown as { id: string; object: string }
  return {
    id: `${event.id}${THIN_END}`,
    object: 'v2.core.event',
    type: `v1.${event.type}`,
    livemode: event.livemode,
    created: new Date(event.created * 1000).toISOString(),
    context: null,
    related_object: { id, type: object, url: `/v1/${object.replace('.', '/')}s/${id}` },
    snapshot_event: event.id,
  }
}

/** What a notification tells of, in full: https://docs.stripe.com/api/v2/core/events */
export function thinEvent(event: Wire<Stripe.Event>): object {
  const { id, idempotency_key } = event.request ?? {}
  const reason = id ? { type: 'request', request: { id, idempotency_key } } : null
  return { ...thinNotification(event), ...(reason && { reason }) }
}

/** The event that a notification of this id was made of. */
export function eventOfNotification(id: string): string {
  return id.endsWith(THIN_END) ? id.slice(0, -THIN_END.length) : id
}

/** The header that proves where a body comes from: https://docs.stripe.com/webhooks#verify-manually */
export function sign(body: string, secret: string, seconds: number): string {
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${signature}`
}
