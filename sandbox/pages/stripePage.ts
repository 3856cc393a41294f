import type { Parts } from '../parts.ts'
import { EFFECTS } from '../stripe/pages/cardChoice.ts'
import { brandName } from '../stripe/pages/words.ts'
import { testCards } from '../stripe/resources/cards.ts'
import { html, type Markup } from './html.ts'
import { layOut } from './layout.ts'
import { latestEvents, latestSubscriptions, openCheckouts, stripeCounts } from './stripeRecords.ts'

const MOST_EVENTS = 50
const MOST_SUBSCRIPTIONS = 20
const MOST_CHECKOUTS = 10

/** What stands in for Stripe: what it holds, and what it tells the service. */
export function stripePage(parts: Pick<Parts, 'mailbox' | 'serviceUrl' | 'stripe'>): string {
  const body = html`
<h1>Stripe</h1>
<p class="lead">What stands in for Stripe keeps this between runs, like the database. No real money moves.</p>
<div data-live="stripe">
  ${stripeCounts(parts)}
  <div class="pair">
    <div>
      <section aria-labelledby="subscriptions-title"><h2 id="subscriptions-title">Subscriptions</h2>
        <div class="card">${latestSubscriptions(parts, MOST_SUBSCRIPTIONS)}</div></section>
      <section aria-labelledby="checkouts-title"><h2 id="checkouts-title">Open checkouts</h2>
        <div class="card">${openCheckouts(parts, MOST_CHECKOUTS)}</div></section>
      ${cardsToPayWith()}
    </div>
    <section aria-labelledby="events-title"><h2 id="events-title">Events</h2>
      <div class="card">${latestEvents(parts, MOST_EVENTS)}</div></section>
  </div>
</div>`
  return layOut(parts, { title: 'Stripe', current: 'stripe', body })
}

function cardsToPayWith(): Markup {
  return html`<section aria-labelledby="cards-title"><h2 id="cards-title">Cards to pay with</h2>
        <dl class="card numbers">${testCards.map(
          ({ number, brand, behaviour }) =>
            html`<div><dt><code>${number.replaceAll(/(\d{4})(?=\d)/g, '$1 ')}</code></dt><dd>${brandName(brand)}. ${EFFECTS[behaviour]}</dd></div>`,
        )}</dl></section>`
}
