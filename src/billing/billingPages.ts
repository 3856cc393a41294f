import type { App } from '../app.ts'
import { servePage, wayBack } from '../http/plainPage.ts'
import type { Server } from '../http/server.ts'
import { UNUSUAL_DIGITS } from '../stripe/minorDigits.ts'

// The access token stays in this script: only the session's cookie outlives the page.
const script = `
const said = document.querySelector('output'), plan = document.querySelector('p'), form = document.querySelector('form')
let token
async function call(method, path, body) {
  const reply = await fetch(path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: 'Bearer ' + token }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer = await reply.json()
  if (!reply.ok) throw Object.assign(new Error(answer.title + '. ' + answer.detail), answer)
  return answer
}
function button(label, act, look = '') {
  const made = document.createElement('button')
  made.className = look
  made.type = 'button'
  made.textContent = label
  made.addEventListener('click', async () => {
    for (const each of form.children) each.disabled = true
    try { location.assign((await act()).url) }
    catch (problem) { if (problem.portal) location.assign(problem.portal); tell(problem) }
  })
  form.append(made)
}
function tell(problem) {
  said.textContent = problem.status ? problem.message : 'The service cannot be reached. Try again in a moment.'
  for (const each of form.children) each.disabled = false
}
const unusualDigits = ${JSON.stringify(UNUSUAL_DIGITS)}
function money(minor, currency) {
  const digits = unusualDigits[currency] ?? 2, amount = minor / 10 ** digits
  const minimumFractionDigits = Number.isInteger(amount) ? 0 : digits
  return amount.toLocaleString(undefined, { style: 'currency', currency, minimumFractionDigits, maximumFractionDigits: digits })
}
const day = (instant) => new Date(instant).toLocaleDateString(undefined, { dateStyle: 'long' })
function describe({ subscription, plan_billing }) {
  const { status, ends_at, grace_ends_at, trial_ends_at, current_period_end } = subscription
  const until = status === 'past_due' ? 'The last payment did not go through. Everything stays open until ' + day(grace_ends_at) + '.'
    : ends_at ? 'It ends on ' + day(ends_at) + '.'
    : status === 'trialing' ? 'The trial ends on ' + day(trial_ends_at) + '.'
    : current_period_end && status === 'active' ? 'It renews on ' + day(current_period_end) + '.' : ''
  return 'This account is on ' + plan_billing.display_name + '. ' + until
}
async function show() {
  token = (await call('POST', '/v1/auth/refresh', {})).access_token
  const session = new URLSearchParams(location.search).get('session_id')
  const state = session
    ? await call('POST', '/v1/billing/checkout-session/' + encodeURIComponent(session) + '/sync', {})
    : await call('GET', '/v1/billing/state')
  plan.textContent = (session && state.reason === 'stripe' ? 'Thank you. ' : '') + describe(state)
  if (state.actions.portal) button('Payment method, invoices, cancellation', () => call('POST', '/v1/billing/portal-session', {}), 'plain')
  if (!state.actions.checkout) return
  const { data } = await call('GET', '/v1/plans')
  for (const one of data) for (const interval of ['month', 'year']) {
    if (one[interval] === null) continue
    const price = money(one[interval], one.currency)
    button(one.display_name + ', ' + price + (one.per_seat ? ' a seat' : '') + ' a ' + interval, () => call('POST', '/v1/billing/checkout-session', { plan: one.plan, interval }))
  }
}
show().catch((problem) => {
  if (problem.status !== 401) return tell(problem)
  plan.textContent = 'Sign in first, then open this page again.'
})`

/** Where mails and Stripe send buyers: what the account is on, and the ways to pay. It shows nothing to strangers. */
export function billingPages(server: Server, { config }: App): void {
  const main = `<p>Looking at your plan…</p>${wayBack(config.productOrigins)}<form></form>`
  for (const path of ['/billing', '/billing/return']) {
    servePage(server, { path, title: 'Plan and billing', product: config.productName, main, script })
  }
}
