import { html, type Markup } from '../../../pages/html.ts'
import { findMethod } from '../../billing/customers.ts'
import { subscriptionOf } from '../../billing/invoices/composeInvoice.ts'
import { previewInvoice } from '../../billing/preview/previewInvoice.ts'
import { customerOf, type Subscription } from '../../billing/shapes.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { day, money } from '../words.ts'
import { cardName } from './cardName.ts'
import type { Portal } from './findPortal.ts'
import { invoiceLink } from './links.ts'

const COLLECTED_BY_ITSELF = ['active', 'trialing']

/** What happens to a subscription next, and when, in a sentence. */
export function outlook(world: World, { invoices, session }: Portal, subscription: Subscription): Markup {
  const { id, status, cancel_at, ended_at } = subscription
  if (ended_at !== null) return html`Ended on ${day(ended_at)}.`
  if (cancel_at !== null) {
    return html`Ends on <strong>${day(cancel_at)}</strong>; nothing is charged after that.`
  }
  if (status === 'paused') return html`Paused until it is resumed.`
  if (COLLECTED_BY_ITSELF.includes(status)) return nextPayment(world, subscription)
  const open = invoices.find((one) => one.status === 'open' && subscriptionOf(one) === id)
  return open
    ? html`<strong>${money(open.amount_remaining, open.currency)}</strong> could not be collected. <a href="${invoiceLink(open, session)}">Pay the invoice</a> to go on.`
    : html`Nothing is due at the moment.`
}

function nextPayment(world: World, subscription: Subscription): Markup {
  const { status, trial_end, items } = subscription
  const method = findMethod(world, customerOf(subscription), subscription)
  const paid = method ? `paid with ${cardName(method)}` : 'for which there is no card yet'
  const cost = nextAmount(world, subscription)
  if (status === 'trialing' && trial_end !== null) {
    return html`Free until <strong>${day(trial_end)}</strong>, then ${cost}, ${paid}.`
  }
  const renews = Math.min(...items.data.map(({ current_period_end }) => current_period_end))
  return html`Next payment of ${cost} on <strong>${day(renews)}</strong>, ${paid}.`
}

/** With whatever lowers or raises it by then. */
function nextAmount(world: World, { id, currency }: Subscription): string {
  try {
    return money(previewInvoice(world, { subscription: id }).amount_due, currency)
  } catch (error) {
    if (error instanceof StripeRefusal) return money(0, currency)
    throw error
  }
}
