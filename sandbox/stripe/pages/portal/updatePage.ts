import { html, type Markup } from '../../../pages/html.ts'
import { productName } from '../../billing/invoices/lines.ts'
import type { Price, Subscription } from '../../billing/shapes.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { type Form, field } from '../guard.ts'
import { rhythm, unitPrice } from '../words.ts'
import type { Portal } from './findPortal.ts'
import { offersFor } from './offers.ts'
import { portalFrame } from './portalFrame.ts'

const MOST = 999_999

/** What a customer wants in place of what they have. */
export interface PlanChange {
  price: Price
  quantity: number
}

/** The change that a form asks for; throws when it is none, or not on offer. */
export function planChangeOf(
  world: World,
  portal: Portal,
  subscription: Subscription,
  form: Form,
): PlanChange {
  const [item] = subscription.items.data
  const price = offersFor(world, portal, subscription).find(({ id }) => id === field(form, 'price'))
  const quantity = Number(field(form, 'quantity') || item?.quantity || 1)
  if (!price) throw new StripeRefusal('This plan is not on offer.')
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST) {
    throw new StripeRefusal('The quantity must be a whole number above 0.')
  }
  if (price.id === item?.price.id && quantity === item.quantity)
    throw new StripeRefusal('That is what you have now.')
  return { price, quantity }
}

/** The page to choose another plan or quantity on. */
export function updatePage(world: World, portal: Portal, subscription: Subscription, fault?: string): string {
  const { session } = portal
  const [item] = subscription.items.data
  return portalFrame(portal, {
    title: 'Change plan',
    isInner: true,
    body: html`
<h1>Change plan</h1>
<form class="card task" method="get" action="/stripe/portal/${session.id}/update">
  ${fault && html`<p class="fault" role="alert">${fault}</p>`}
  <input type="hidden" name="subscription" value="${subscription.id}">
  <fieldset>
    <legend>Plan</legend>
    <div class="options">${offersFor(world, portal, subscription).map((price) => offer(world, price, price.id === item?.price.id))}</div>
  </fieldset>
  <label class="field short"><span>Quantity</span><input name="quantity" type="number" min="1" max="${MOST}" required inputmode="numeric" value="${item?.quantity ?? 1}"></label>
  <button type="submit">Continue</button>
</form>`,
  })
}

function offer(world: World, price: Price, isOwn: boolean): Markup {
  return html`<label class="option"><input type="radio" name="price" value="${price.id}" required${isOwn && html` checked`}><span class="name">${productName(world, price)}${isOwn && html` <span class="badge">What you have</span>`}</span><span class="effect">${unitPrice(price)} ${rhythm(price)}</span></label>`
}
