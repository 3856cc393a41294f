import { html, type Markup } from '../../../pages/html.ts'
import { fullAmount, productName } from '../../billing/invoices/lines.ts'
import { previewInvoice } from '../../billing/preview/previewInvoice.ts'
import type { Subscription } from '../../billing/shapes.ts'
import type { World } from '../../world.ts'
import { money, rhythm, unitPrice } from '../words.ts'
import type { Portal } from './findPortal.ts'
import { planName } from './planName.ts'
import { portalFrame } from './portalFrame.ts'
import type { PlanChange } from './updatePage.ts'

/** The page that shows what a change costs, and asks once more; throws for a change that cannot be made. */
export function confirmPage(
  world: World,
  portal: Portal,
  subscription: Subscription,
  change: PlanChange,
  fault?: string,
): string {
  const { price, quantity } = change
  const { session } = portal
  const each = `${quantity > 1 ? `${quantity} × ` : ''}${unitPrice(price)} ${rhythm(price)}`
  return portalFrame(portal, {
    title: 'Confirm the change',
    isInner: true,
    body: html`
<h1>Confirm the change</h1>
<form class="card task" method="post" action="/stripe/portal/${session.id}/update">
  ${fault && html`<p class="fault" role="alert">${fault}</p>`}
  <p>From ${planName(world, subscription)} to <strong>${productName(world, price)}</strong>: ${each}.</p>
  ${costs(world, subscription, change)}
  <input type="hidden" name="subscription" value="${subscription.id}">
  <input type="hidden" name="price" value="${price.id}">
  <input type="hidden" name="quantity" value="${quantity}">
  <div class="answers"><button type="submit">Confirm</button>
  <a class="button" href="/stripe/portal/${session.id}/update?subscription=${subscription.id}">Choose another</a></div>
</form>`,
  })
}

/** Reckoned by what will make the change, so that it costs what is shown but for the seconds in between. */
function costs(world: World, subscription: Subscription, { price, quantity }: PlanChange): Markup {
  const [item] = subscription.items.data
  const { currency, lines, amount_due, total } = previewInvoice(world, {
    subscription: subscription.id,
    subscription_details: {
      items: [{ ...(item && { id: item.id }), price: price.id, quantity }],
      proration_behavior: 'always_invoice',
    },
  })
  const isTrial = subscription.status === 'trialing'
  const row = (name: string | null, amount: string, kind = '') =>
    html`<div class="${kind}"><dt>${name}</dt><dd>${amount}</dd></div>`
  const full = `${money(fullAmount(price, quantity), currency)} ${rhythm(price)}`
  return html`<dl class="receipt">
    ${!isTrial && lines.data.map(({ description, amount }) => row(description, money(amount, currency)))}
    ${!isTrial && total < 0 && row('Kept as credit for later invoices', money(-total, currency))}
    ${row('Due today', money(isTrial ? 0 : amount_due, currency), 'rule due')}
    ${row(isTrial ? 'After the trial' : 'After that', full)}
  </dl>`
}
