import type { Parts } from '../parts.ts'
import { html, type Markup } from './html.ts'
import { layOut } from './layout.ts'
import { signInSection } from './signInSection.ts'
import { latestEvents, latestSubscriptions, stripeCounts } from './stripeRecords.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const MOVES = [
  { label: '+1 hour', seconds: HOUR },
  { label: '+1 day', seconds: DAY },
  { label: '+7 days', seconds: 7 * DAY },
  { label: '+15 days', seconds: 15 * DAY },
]
const UNITS = [
  { label: 'minutes', seconds: 60 },
  { label: 'hours', seconds: HOUR },
  { label: 'days', seconds: DAY },
]

const MOST_RECORDS = 5

/** The first page: the clock, what to try, and where everything is. */
export function overviewPage(parts: Parts, sandboxUrl: string): string {
  const body = html`
<h1>Your sandbox is running</h1>
<p class="lead">The real service with a world of its own around it: mails arrive in the mailbox, and time moves when you say so.</p>
${productCard(parts)}
${clockCard(parts)}
${thingsToTry(parts.serviceUrl, sandboxUrl)}
${signInSection(parts)}
${stripeSection(parts)}
${places(parts, sandboxUrl)}`
  return layOut(parts, { title: 'Overview', current: 'overview', body })
}

/** Where to begin. */
function productCard({ productUrl }: Parts): Markup | null {
  if (!productUrl) return null
  return html`
<section class="card product" aria-labelledby="product-title">
  <h2 id="product-title"><a href="${productUrl}">Runbooks</a>, the product that it guards</h2>
  <p>Sign up there, open the mail in the <a href="/mailbox">mailbox</a>, make a tree and walk it. Then move the clock by 15 days: the trial is over, and Runbooks says what is closed and how it opens again.</p>
</section>`
}

function clockCard({ clock }: Parts): Markup {
  const now = clock.now().toISOString()
  return html`
<section class="card clock" aria-labelledby="clock-title" data-clock="${now}" data-offset="${clock.offsetSeconds}">
  <div class="clock-face">
    <h2 id="clock-title">The clock</h2>
    <p class="now"><time datetime="${now}" data-now>${now.slice(0, 10)} ${now.slice(11, 19)} UTC</time></p>
    <p class="ahead" data-ahead>${describeOffset(clock.offsetSeconds)}</p>
  </div>
  <div class="moves">
    <div class="buttons" role="group" aria-label="Move the clock">
      ${MOVES.map(({ label, seconds }) => html`<button type="button" data-advance="${seconds}">${label}</button>`)}
    </div>
    <form data-advance-form>
      <label for="amount">Or by</label>
      <input id="amount" name="amount" type="number" min="1" step="any" value="30" required inputmode="decimal">
      <select name="unit" aria-label="Unit">
        ${UNITS.map(({ label, seconds }) => html`<option value="${seconds}"${label === 'days' && html` selected`}>${label}</option>`)}
      </select>
      <button type="submit">Move</button>
    </form>
    <p class="status" role="status" data-clock-status>Everything that becomes due is run before the clock answers. It only moves forward.</p>
  </div>
</section>`
}

/** How far the clock is ahead, in the two largest units. */
function describeOffset(seconds: number): string {
  if (seconds < 1) return 'Real time'
  const units = [
    { name: 'day', amount: Math.floor(seconds / DAY) },
    { name: 'hour', amount: Math.floor(seconds / HOUR) % 24 },
    { name: 'minute', amount: Math.floor(seconds / 60) % 60 },
    { name: 'second', amount: Math.floor(seconds) % 60 },
  ]
  const said = units.filter(({ amount }) => amount > 0).slice(0, 2)
  return `${said.map(({ name, amount }) => `${amount} ${name}${amount === 1 ? '' : 's'}`).join(' and ')} ahead of real time`
}

function thingsToTry(serviceUrl: string, sandboxUrl: string): Markup {
  const json = `-H 'content-type: application/json'`
  const person = `{"email":"ada@example.com","password":"seven green teapots sing"}`
  const readToken = `node -pe 'JSON.parse(fs.readFileSync(0)).access_token'`
  const signUp = `curl -s ${serviceUrl}/v1/auth/register ${json} \\\n  -d '${person}'`
  const askState = `TOKEN=$(curl -s ${serviceUrl}/v1/auth/login ${json} \\\n  -d '${person}' \\\n  | ${readToken})\ncurl -s ${serviceUrl}/v1/billing/state -H "authorization: Bearer $TOKEN"`
  const buy = `curl -s ${serviceUrl}/v1/billing/checkout-session ${json} -H "authorization: Bearer $TOKEN" \\\n  -d '{"plan":"team","interval":"month","seats":5}' \\\n  | node -pe 'JSON.parse(fs.readFileSync(0)).url'`
  const operate = `STAFF=$(curl -s ${sandboxUrl}/control/operators ${json} \\\n  -d '{"email":"ops@example.com"}' \\\n  | ${readToken})\ncurl -s "${serviceUrl}/v1/operator/accounts?query=ada" -H "authorization: Bearer $STAFF"`
  return html`
<section aria-labelledby="try-title">
  <h2 id="try-title">Four things to try by hand</h2>
  <ol class="tries">
    <li class="card">
      <h3>Sign somebody up</h3>
      <p>No card and nothing to configure: the account and its trial are there at once. The mail that asks Ada to verify her address is in the <a href="/mailbox">mailbox</a>.</p>
      ${command(signUp)}
    </li>
    <li class="card">
      <h3>Watch the trial end</h3>
      <p>A trial lasts 14 days. Move the clock by 15, sign in again, and ask what the account may do: <code>trial_expired</code>, and the <code>free</code> plan. On the way there a reminder has gone out; it is in the mailbox.</p>
      ${command(askState)}
    </li>
    <li class="card">
      <h3>Pay with a test card</h3>
      <p>With the token of before, ask for a page to pay on, and open its address. The account has the plan as soon as Stripe’s events arrive. Move the clock by a month to see it renew.</p>
      ${command(buy)}
    </li>
    <li class="card">
      <h3>Be the operator</h3>
      <p>Nobody edits rows here. Make yourself an operator, find Ada’s account, and give it a plan or more time with the operations under <a href="${serviceUrl}/docs">operator</a>.</p>
      ${command(operate)}
    </li>
  </ol>
</section>`
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

function command(text: string): Markup {
  return html`<div class="command"><pre tabindex="0"><code>${text}</code></pre><button type="button" class="quiet copy" data-copy>Copy</button></div>`
}

function places({ serviceUrl, productUrl }: Parts, sandboxUrl: string): Markup {
  const product = {
    name: 'Runbooks',
    what: 'The product: what the gate opens and closes, to sign in to and to try',
  }
  const pages = [
    ...(productUrl ? [{ href: productUrl, ...product }] : []),
    { href: serviceUrl, name: 'The service', what: 'What you would deploy: the API and its pages' },
    { href: `${serviceUrl}/docs`, name: 'API docs', what: 'Every operation, to read and to call' },
    { href: `${sandboxUrl}/mailbox`, name: 'Mailbox', what: 'Every mail the service sends, to anyone' },
    {
      href: `${sandboxUrl}/stripe`,
      name: 'Stripe',
      what: 'What stands in for it: subscriptions, events, cards',
    },
  ]
  const calls = [
    { call: 'GET /control/clock', what: 'what time it is' },
    { call: 'POST /control/clock/advance', what: '{ seconds } moves it, and runs what has become due' },
    {
      call: 'GET /control/mailbox?to=',
      what: 'mails to an address, newest first, once those under way have arrived',
    },
    { call: 'DELETE /control/mailbox', what: 'empties it' },
    {
      call: 'POST /control/mailbox/refuse',
      what: '{ to, code, times } makes deliveries fail, with 550 for good or 451 for now',
    },
    {
      call: 'POST /control/stripe/checkout-sessions/{id}/pay',
      what: '{ card, authenticate } does what the buyer does on the page; …/expire closes it',
    },
    {
      call: 'POST /control/stripe/webhooks',
      what: '{ duplicate, reorder, drop, delay_ms } makes delivery unreliable; …/flush delivers what is held',
    },
    {
      call: 'POST /control/stripe/faults',
      what: '{ method, path, kind, times } makes calls fail, and DELETE ends that',
    },
    { call: 'GET /control/stripe/requests', what: 'the calls that the service made, in order' },
    { call: 'GET /control/stripe/subscriptions', what: 'the truth to compare with' },
    {
      call: 'POST /control/google/people',
      what: '{ sub, email, email_verified, hd, name } makes somebody; DELETE leaves those of the beginning',
    },
    {
      call: 'POST /control/microsoft/people',
      what: '{ oid, tid, email, xms_edov, preferred_username, name }: claims left out are absent',
    },
    {
      call: 'POST /control/google/faults',
      what: '{ kind, times } makes sign-ins fail, and DELETE ends that; /control/microsoft/faults too',
    },
    { call: 'POST /control/operators', what: '{ email } makes an operator, with an access token' },
  ]
  return html`
<section aria-labelledby="places-title">
  <h2 id="places-title">Where everything is</h2>
  <ul class="places">
    ${pages.map(({ href, name, what }) => html`<li><a class="card" href="${href}"><strong>${name}</strong><span>${what}</span><span class="address">${href.replace('http://', '')}</span></a></li>`)}
  </ul>
  <details class="card">
    <summary>For scripts and tests: the same over HTTP, at ${sandboxUrl}/control</summary>
    <dl class="calls">
      ${calls.map(({ call, what }) => html`<div><dt><code>${call}</code></dt><dd>${what}</dd></div>`)}
    </dl>
  </details>
</section>`
}
