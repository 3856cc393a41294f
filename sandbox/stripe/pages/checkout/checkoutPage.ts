import { html, type Markup } from '../../../pages/html.ts'
import type { Session } from '../../billing/shapes.ts'
import { cardChoice } from '../cardChoice.ts'
import { frame } from '../frame.ts'
import { type Form, webAddress } from '../guard.ts'
import { count, day, money, rhythm, unitPrice } from '../words.ts'
import type { Summary } from './summary.ts'

/** What the buyer sent in vain, and why it was in vain. */
export interface Attempt {
  given?: Form
  /** Why the card was not taken. */
  fault?: string
  code?: string
  codeFault?: string
}

/** Stands for starting without a card, where that is allowed. */
export const NO_CARD = 'none'

const WITHOUT = { value: NO_CARD, name: 'No card for now', effect: 'It is asked for before the trial ends' }

/** The page to pay a session on. */
export function checkoutPage(session: Session, summary: Summary, attempt: Attempt): string {
  const { trialEnd, dueToday, currency } = summary
  const isFree = trialEnd !== null
  return frame({
    title: titleOf(summary),
    kind: 'checkout',
    body: html`
<div class="columns">
  <section class="bought" aria-labelledby="bought-title">
    ${back(session)}
    <h1 id="bought-title">${titleOf(summary)}</h1>
    ${headline(summary)}
    ${receipt(summary)}
    ${session.allow_promotion_codes && promotion(session, summary, attempt)}
  </section>
  <section class="card paying" aria-labelledby="paying-title">
    <h2 id="paying-title">${isFree ? 'Start with a test card' : 'Pay with a test card'}</h2>
    <form method="post" action="/stripe/checkout/${session.id}">
      ${buyer(session, attempt)}
      ${cardChoice({ legend: 'Card', ...attempt, instead: mayDoWithout(session, summary) && WITHOUT })}
      <button type="submit" class="wide">${isFree ? 'Start trial' : `Pay ${money(dueToday, currency)}`}</button>
    </form>
    ${terms(summary)}
  </section>
</div>`,
  })
}

/** What is bought, in a few words: `Pro and 1 more`. */
export function nameOf({ lines: [first, ...others] }: Summary): string {
  const name = first?.name ?? 'nothing'
  return others.length === 0 ? name : `${name} and ${others.length} more`
}

function titleOf(summary: Summary): string {
  return `${summary.trialEnd === null ? 'Subscribe to' : 'Try'} ${nameOf(summary)}`
}

function back({ cancel_url }: Session): Markup | false {
  const url = webAddress(cancel_url)
  return url !== null && html`<a class="return" href="${url}">Back</a>`
}

function headline({ trialEnd, total, currency, lines: [first] }: Summary): Markup {
  const every = first ? rhythm(first.price) : ''
  if (trialEnd === null) return html`<p class="price">${money(total, currency)} <span>${every}</span></p>`
  return html`<p class="price">Free until ${day(trialEnd)}</p><p class="afterwards">Then ${money(total, currency)} ${every}</p>`
}

function receipt({ lines, subtotal, discount, total, dueToday, trialEnd, currency }: Summary): Markup {
  const row = (name: string | Markup, amount: number, kind = '') =>
    html`<div class="${kind}"><dt>${name}</dt><dd>${money(amount, currency)}</dd></div>`
  return html`<dl class="receipt">
    ${lines.map(({ name, description, price, quantity, amount }) => {
      const each = `${quantity > 1 ? `${quantity} × ` : ''}${unitPrice(price)} ${rhythm(price)}`
      return row(
        html`${name}<small>${each}</small>${description && html`<small>${description}</small>`}`,
        amount,
      )
    })}
    ${discount && row('Subtotal', subtotal, 'rule')}
    ${discount && row(discount.label, -discount.amount)}
    ${trialEnd !== null && row(`Due on ${day(trialEnd)}`, total, 'rule')}
    ${row('Due today', dueToday, trialEnd === null ? 'rule due' : 'due')}
  </dl>`
}

function promotion({ id }: Session, { discount }: Summary, { code = '', codeFault }: Attempt): Markup {
  const action = `/stripe/checkout/${id}/promotion-code`
  if (discount?.code && !codeFault) {
    return html`<form class="promotion applied" method="post" action="${action}">
    <span>Promotion code <strong>${discount.code}</strong></span>
    <button type="submit" class="link">Remove<span class="unseen"> the promotion code</span></button>
  </form>`
  }
  return html`<form class="promotion" method="post" action="${action}">
    <label for="code">Promotion code</label>
    <div class="joined"><input id="code" name="promotion_code" value="${code}" required autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="500"${codeFault && html` autofocus aria-invalid="true" aria-describedby="code-fault"`}>
    <button type="submit" class="quiet">Apply</button></div>
    ${codeFault && html`<p class="fault" id="code-fault" role="alert">${codeFault}</p>`}
  </form>`
}

/** Who pays; whoever is not known is asked for an address. */
function buyer({ customer, customer_details, customer_email }: Session, { given }: Attempt): Markup | false {
  const email = customer_details?.email ?? customer_email
  if (email) return html`<p class="buyer">${email}</p>`
  if (customer !== null) return false
  return html`<label class="field"><span>E-mail</span><input name="email" type="email" required autocomplete="email" maxlength="320" value="${given?.get('email')}"></label>`
}

/** https://docs.stripe.com/payments/checkout/free-trials */
function mayDoWithout({ payment_method_collection }: Session, { dueToday }: Summary): boolean {
  return payment_method_collection === 'if_required' && dueToday === 0
}

function terms({ lines, trialEnd }: Summary): Markup {
  const seats = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const what = seats > 1 ? `For ${count(seats, 'seat')}. ` : ''
  const when = trialEnd === null ? 'Renews' : 'Nothing is charged before the trial ends; then it renews'
  return html`<p class="terms">${what}${when} by itself until it is canceled.</p>`
}
