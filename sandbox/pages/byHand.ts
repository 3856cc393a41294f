import type { Parts } from '../parts.ts'
import { html, type Markup } from './html.ts'

/** What the pages do, for those who rather type, and for scripts and tests. */
export function byHand({ serviceUrl }: Pick<Parts, 'serviceUrl'>, sandboxUrl: string): Markup {
  return html`
<section aria-labelledby="by-hand-title">
  <h2 id="by-hand-title">The same by hand</h2>
  ${thingsToTry(serviceUrl, sandboxUrl)}
  ${callsToMake(sandboxUrl)}
</section>`
}

/** The first steps as commands. */
function thingsToTry(serviceUrl: string, sandboxUrl: string): Markup {
  const json = `-H 'content-type: application/json'`
  const person = `{"email":"ada@example.com","password":"seven green teapots sing"}`
  const readToken = `node -pe 'JSON.parse(fs.readFileSync(0)).access_token'`
  const signUp = `curl -s ${serviceUrl}/v1/auth/register ${json} \\\n  -d '${person}'`
  const askState = `TOKEN=$(curl -s ${serviceUrl}/v1/auth/login ${json} \\\n  -d '${person}' \\\n  | ${readToken})\ncurl -s ${serviceUrl}/v1/billing/state -H "authorization: Bearer $TOKEN"`
  const buy = `curl -s ${serviceUrl}/v1/billing/checkout-session ${json} -H "authorization: Bearer $TOKEN" \\\n  -d '{"plan":"team","interval":"month","seats":5}' \\\n  | node -pe 'JSON.parse(fs.readFileSync(0)).url'`
  const operate = `STAFF=$(curl -s ${sandboxUrl}/control/operators ${json} \\\n  -d '{"email":"ops@example.com"}' \\\n  | ${readToken})\ncurl -s "${serviceUrl}/v1/operator/accounts?query=ada" -H "authorization: Bearer $STAFF"`
  return html`
<details class="card by-hand">
  <summary>Four things to try with curl</summary>
  <ol class="tries">
    <li>
      <h3>Sign somebody up</h3>
      <p>No card and nothing to configure: the account and its trial are there at once. The mail that asks Ada to verify her address is in the <a href="/mailbox">mailbox</a>.</p>
      ${command(signUp)}
    </li>
    <li>
      <h3>Watch the trial end</h3>
      <p>A trial lasts 14 days. Move the clock by 15, sign in again, and ask what the account may do: <code>trial_expired</code>, and the <code>free</code> plan. On the way there a reminder has gone out; it is in the mailbox.</p>
      ${command(askState)}
    </li>
    <li>
      <h3>Pay with a test card</h3>
      <p>With the token of before, ask for a page to pay on, and open its address. The account has the plan as soon as Stripe’s events arrive. Move the clock by a month to see it renew.</p>
      ${command(buy)}
    </li>
    <li>
      <h3>Be the operator</h3>
      <p>Nobody edits rows here. Make yourself an operator, find Ada’s account, and give it a plan or more time with the operations under <a href="${serviceUrl}/docs">operator</a>.</p>
      ${command(operate)}
    </li>
  </ol>
</details>`
}

function callsToMake(sandboxUrl: string): Markup {
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
    {
      call: 'POST /control/operators/link',
      what: '{ email } makes an operator, and has them mailed the link to their pages',
    },
  ]
  return html`
<details class="card by-hand">
  <summary>For scripts and tests: everything of this page over HTTP, at ${sandboxUrl}/control</summary>
  <dl class="calls">
    ${calls.map(({ call, what }) => html`<div><dt><code>${call}</code></dt><dd>${what}</dd></div>`)}
  </dl>
</details>`
}

function command(text: string): Markup {
  return html`<div class="command"><pre tabindex="0"><code>${text}</code></pre><button type="button" class="quiet copy" data-copy>Copy</button></div>`
}
