import { html, type Markup } from '../../../pages/html.ts'
import { findMethod } from '../../billing/customers.ts'
import { subscriptionOf } from '../../billing/invoices/composeInvoice.ts'
import { customerOf, type Invoice } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'
import { cardChoice } from '../cardChoice.ts'
import { frame } from '../frame.ts'
import type { Form } from '../guard.ts'
import { cardName } from '../portal/cardName.ts'
import { day, money } from '../words.ts'
import { sumsOf } from './sums.ts'

/** Stands for the card that would be charged anyway. */
export const SAVED_CARD = 'saved'

interface Looking {
  /** The portal session from which the customer came, which is a way back. */
  portal: string | null
  given?: Form
  fault?: string
}

/** An invoice as its customer sees it, to be paid if it is open. */
export function invoicePage(world: World, invoice: Invoice, looking: Looking): string {
  const { number, status, currency, total, customer_name, customer_email } = invoice
  const { portal } = looking
  return frame({
    title: `Invoice ${number}`,
    kind: 'invoice',
    body: html`
<nav class="returns" aria-label="Ways back">${portal !== null && html`<a class="return" href="/stripe/portal/${portal}">Your billing</a>`}</nav>
<div class="card task">
  <div class="split">
    <div><h1>${money(total, currency)}</h1><p class="quiet-text">Invoice ${number}</p></div>
    <span class="badge ${status}">${status}</span>
  </div>
  <dl class="facts">
    ${fact('To', customer_name || customer_email)}
    ${fact('Date', day(invoice.created))}
    ${when(invoice)}
  </dl>
  <dl class="receipt">
    ${invoice.lines.data.map(({ description, period, amount }) => html`<div><dt>${description}<small>${day(period.start)}${period.end > period.start && ` – ${day(period.end)}`}</small></dt><dd>${money(amount, currency)}</dd></div>`)}
    ${sumsOf(world, invoice).map(({ name, amount, isMain }) => html`<div class="${isMain ? 'rule due' : ''}"><dt>${name}</dt><dd>${money(amount, currency)}</dd></div>`)}
  </dl>
  <p><a href="/stripe/invoice/${invoice.id}/pdf">Download as PDF</a></p>
</div>
${isPayable(invoice) && payment(world, invoice, looking)}`,
  })
}

/** Also what was given up as a bad debt can be paid: https://docs.stripe.com/invoicing/overview#uncollectible */
export function isPayable({ status }: Invoice): boolean {
  return status === 'open' || status === 'uncollectible'
}

function fact(name: string, value: string | null): Markup | false {
  return !!value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`
}

function when({
  status,
  due_date,
  next_payment_attempt: next,
  status_transitions: at,
}: Invoice): Markup | false {
  if (status === 'paid') return at.paid_at !== null && fact('Paid', day(at.paid_at))
  if (status === 'void') return at.voided_at !== null && fact('Voided', day(at.voided_at))
  if (next !== null) return fact('Next try', day(next))
  return due_date !== null && fact('Due', day(due_date))
}

function payment(world: World, invoice: Invoice, { portal, given, fault }: Looking): Markup {
  const subscription = world.store.get('subscription', subscriptionOf(invoice) ?? '')
  const saved = findMethod(world, customerOf(invoice), invoice, subscription)
  return html`<form class="card task" method="post" action="/stripe/invoice/${invoice.id}">
  <h2>Pay with a test card</h2>
  ${portal !== null && html`<input type="hidden" name="portal" value="${portal}">`}
  ${cardChoice({
    legend: 'Card',
    given,
    fault,
    instead: saved !== null && { value: SAVED_CARD, name: cardName(saved), effect: 'The saved card' },
  })}
  <label class="check"><input type="checkbox" name="keep" value="yes" checked>Use it for later payments too</label>
  <button type="submit" class="wide">Pay ${money(invoice.amount_remaining, invoice.currency)}</button>
</form>`
}
