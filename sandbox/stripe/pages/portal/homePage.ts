import { html, type Markup } from '../../../pages/html.ts'
import type { Subscription } from '../../billing/shapes.ts'
import { isEnded } from '../../billing/subscriptions/items.ts'
import type { World } from '../../world.ts'
import { count, money, rhythm, shortDay, statusInWords, unitPrice } from '../words.ts'
import { cardName } from './cardName.ts'
import type { Portal } from './findPortal.ts'
import { invoiceLink } from './links.ts'
import { outlook } from './outlook.ts'
import { planName } from './planName.ts'
import { portalFrame } from './portalFrame.ts'
import { tasks } from './tasks.ts'

/** The first page of the portal: what the customer has, pays with and has been billed. */
export function homePage(world: World, portal: Portal, done: string | null): string {
  const { customer, subscriptions, invoices } = portal
  return portalFrame(portal, {
    title: 'Your billing',
    body: html`
<h1>Your billing</h1>
<p class="lead">${customer.name || customer.email || customer.id}</p>
${done && html`<p class="done" role="status">${done}</p>`}
<section aria-labelledby="subscription-title">
  <h2 id="subscription-title">${subscriptions.length > 1 ? 'Subscriptions' : 'Subscription'}</h2>
  ${subscriptions.map((one) => subscriptionCard(world, portal, one))}
  ${subscriptions.length === 0 && html`<p class="card none">You have no subscription.</p>`}
</section>
<section aria-labelledby="card-title">
  <h2 id="card-title">Payment method</h2>
  ${paymentMethod(portal)}
</section>
<section aria-labelledby="invoices-title">
  <h2 id="invoices-title">Invoices</h2>
  ${invoices.length > 0 ? invoiceTable(portal) : html`<p class="card none">There are no invoices yet.</p>`}
</section>`,
  })
}

function subscriptionCard(world: World, portal: Portal, subscription: Subscription): Markup {
  const items = subscription.items.data
  const { words, kind } = statusInWords(subscription)
  return html`<div class="card block">
  <div class="split">
    <div>
      <h3>${planName(world, subscription)}</h3>
      ${items.map(({ price, quantity = 1 }) => html`<p class="quiet-text">${quantity > 1 && `${quantity} × `}${unitPrice(price)} ${rhythm(price)}</p>`)}
    </div>
    <span class="badge ${kind}">${words}</span>
  </div>
  <p>${outlook(world, portal, subscription)}</p>
  ${isEnded(subscription) ? false : ways(portal, subscription)}
</div>`
}

function ways({ session, features }: Portal, { id, cancel_at, status }: Subscription): Markup {
  const link = (page: string, name: string) =>
    html`<a class="button" href="/stripe/portal/${session.id}/${page}?subscription=${id}">${name}</a>`
  if (cancel_at !== null) {
    return html`<form class="ways" method="post" action="/stripe/portal/${session.id}/resume">
      <input type="hidden" name="subscription" value="${id}"><button type="submit">Keep the subscription</button></form>`
  }
  const mayUpdate = status !== 'incomplete' && tasks.update.isOffered(features)
  return html`<p class="ways">${mayUpdate && link('update', 'Change plan')} ${tasks.cancel.isOffered(features) && link('cancel', 'Cancel subscription')}</p>`
}

function paymentMethod({ session, features, method, methods }: Portal): Markup {
  const others = methods.filter(({ id }) => id !== method?.id)
  return html`<div class="card block split">
  <div>
    <p>${method ? html`<strong>${cardName(method)}</strong>, expires ${method.card?.exp_month}/${method.card?.exp_year}` : 'No card yet.'}</p>
    ${others.length > 0 && html`<p class="quiet-text">And ${count(others.length, 'other saved card')}</p>`}
  </div>
  ${tasks.card.isOffered(features) && html`<a class="button" href="/stripe/portal/${session.id}/card">${method ? 'Change' : 'Add a card'}</a>`}
</div>`
}

function invoiceTable({ invoices, session }: Portal): Markup {
  return html`<div class="card table"><table>
  <thead><tr><th scope="col">Date</th><th scope="col" class="number-column">Number</th><th scope="col">Amount</th><th scope="col">Status</th><th scope="col"><span class="unseen">Link</span></th></tr></thead>
  <tbody>${invoices.map(
    (invoice) => html`<tr>
    <td>${shortDay(invoice.created)}</td>
    <td class="number-column">${invoice.number}</td>
    <td class="amount">${money(invoice.total, invoice.currency)}</td>
    <td><span class="badge ${invoice.status}">${invoice.status}</span></td>
    <td><a href="${invoiceLink(invoice, session)}">${invoice.status === 'open' ? 'Pay' : 'View'}<span class="unseen"> ${invoice.number}</span></a></td>
  </tr>`,
  )}</tbody>
</table></div>`
}
