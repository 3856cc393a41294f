import type { Parts } from '../parts.ts'
import { customerOf, type Subscription } from '../stripe/billing/shapes.ts'
import type { Delivery } from '../stripe/delivery/planDeliveries.ts'
import type { Objects } from '../stripe/objects.ts'
import { planName } from '../stripe/pages/portal/planName.ts'
import { html, type Markup } from './html.ts'
import { time } from './layout.ts'

type Holding = Pick<Parts, 'stripe'>
type Event = Objects['event']

/** How much of each kind the stand-in holds. */
export function stripeCounts({ stripe: { store, deliveries } }: Holding): Markup {
  const live = store.list('subscription').filter(({ ended_at }) => ended_at === null)
  const open = store.list('checkout.session').filter(({ status }) => status === 'open')
  const counts = [
    { name: 'customers', amount: store.list('customer').length },
    { name: 'live subscriptions', amount: live.length },
    { name: 'open checkouts', amount: open.length },
    { name: 'invoices', amount: store.list('invoice').length },
    { name: 'events', amount: store.list('event').length },
    { name: 'events under way', amount: deliveries.pending().length },
  ]
  return html`<dl class="counts">${counts.map(({ name, amount }) => html`<div><dt>${name}</dt><dd>${amount}</dd></div>`)}</dl>`
}

/** The newest subscriptions, with who has them and how they are. */
export function latestSubscriptions({ stripe }: Holding, most: number): Markup {
  const subscriptions = stripe.store.list('subscription').slice(-most).reverse()
  if (subscriptions.length === 0) return html`<p class="none">Nobody has subscribed yet.</p>`
  return html`<ul class="records">${subscriptions.map((one) => {
    const customer = stripe.store.get('customer', customerOf(one))
    const who = customer && !customer.deleted ? (customer.name ?? customer.email) : 'Deleted customer'
    return html`<li><span class="what">${who ?? customerOf(one)}</span><span class="badge ${one.status}">${one.status.replaceAll('_', ' ')}</span>
      <span class="more">${planName(stripe.at(), one)} · ${seatsOf(one)} · since ${instant(one.created)}${one.cancel_at !== null && html` · ends ${instant(one.cancel_at)}`}</span></li>`
  })}</ul>`
}

function seatsOf({ items }: Subscription): string {
  const seats = items.data.reduce((sum, { quantity = 1 }) => sum + quantity, 0)
  return `${seats} ${seats === 1 ? 'seat' : 'seats'}`
}

/** The pages on which somebody could pay now. */
export function openCheckouts({ stripe }: Holding, most: number): Markup {
  const sessions = stripe.store.list('checkout.session').filter(({ status }) => status === 'open')
  if (sessions.length === 0) return html`<p class="none">No checkout is open.</p>`
  return html`<ul class="records">${sessions
    .slice(-most)
    .reverse()
    .map(
      ({
        id,
        customer_details,
        expires_at,
      }) => html`<li><a class="what" href="/stripe/checkout/${id}">${customer_details?.email ?? 'Somebody new'}</a>
      <span class="more">open until ${instant(expires_at)}</span></li>`,
    )}</ul>`
}

/** The newest events, and whether the service has taken them. */
export function latestEvents({ stripe: { store, deliveries } }: Holding, most: number): Markup {
  const events = store.list('event').slice(-most).reverse()
  if (events.length === 0) return html`<p class="none">Nothing has happened yet.</p>`
  const pending = Map.groupBy(deliveries.pending(), ({ event }) => event)
  return html`<ul class="records">${events.map((event) => {
    const { kind, words } = deliveryState(event, pending.get(event.id))
    const { id = '' } = event.data.object as { id?: string }
    return html`<li><code class="what">${event.type}</code><span class="badge ${kind}">${words}</span>
      <span class="more">${instant(event.created)} · ${id}</span></li>`
  })}</ul>`
}

function deliveryState(
  { pending_webhooks }: Event,
  pending: Delivery[] = [],
): { kind: string; words: string } {
  const [first] = pending
  if (first?.held) return { kind: 'waits', words: 'held' }
  if (first && first.attempts > 0) return { kind: 'failed', words: `refused ${first.attempts}×, tried again` }
  if (first && pending_webhooks > 0) return { kind: 'waits', words: 'under way' }
  return pending_webhooks > 0 ? { kind: 'failed', words: 'not delivered' } : { kind: 'taken', words: 'taken' }
}

const instant = (seconds: number) => time(new Date(seconds * 1000).toISOString())
