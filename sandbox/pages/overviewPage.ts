import type { Parts } from '../parts.ts'
import { byHand } from './byHand.ts'
import { clockCard } from './clockCard.ts'
import { doors } from './doors.ts'
import type { TrialEnd } from './findTrialEnd.ts'
import { html, type Markup } from './html.ts'
import { layOut } from './layout.ts'
import { operatorSection } from './operatorSection.ts'
import { signInSection } from './signInSection.ts'
import { latestEvents, latestSubscriptions, stripeCounts } from './stripeRecords.ts'

const MOST_RECORDS = 5

/** The first page: the ways to everything, the clock, and whom one can be. */
export function overviewPage(parts: Parts, sandboxUrl: string, trialEnd: TrialEnd | undefined): string {
  const body = html`
<h1>Your sandbox is running</h1>
<p class="lead">The real service with a world of its own around it. Sign up, press the button of the mail in the <a href="/mailbox">mailbox</a>, look around; then move the <a href="#clock">clock</a> to the end of the trial, and pay with a test card.</p>
${doors(parts)}
${clockCard(parts.clock, trialEnd)}
${operatorSection(parts)}
${signInSection(parts)}
${stripeSection(parts)}
${byHand(parts, sandboxUrl)}`
  return layOut(parts, { title: 'Overview', current: 'overview', body })
}

function stripeSection(parts: Parts): Markup {
  return html`
<section aria-labelledby="stripe-title">
  <h2 id="stripe-title">What Stripe holds</h2>
  <div data-live="stripe">
    ${stripeCounts(parts)}
    <div class="pair">
      <div class="card" role="group" aria-label="Latest subscriptions">${latestSubscriptions(parts, MOST_RECORDS)}</div>
      <div class="card" role="group" aria-label="Latest events">${latestEvents(parts, MOST_RECORDS)}</div>
    </div>
  </div>
  <p class="further"><a href="/stripe">More of it</a>, with the cards to pay with and the checkouts that are open.</p>
</section>`
}
