import { html, type Markup } from '../../../pages/html.ts'
import type { Feedback } from '../../billing/params.ts'
import type { Subscription } from '../../billing/shapes.ts'
import { periodEnd } from '../../billing/subscriptions/cancelAt.ts'
import type { World } from '../../world.ts'
import { type Form, field } from '../guard.ts'
import { day } from '../words.ts'
import type { Portal } from './findPortal.ts'
import { planName } from './planName.ts'
import { portalFrame } from './portalFrame.ts'

// https://docs.stripe.com/api/customer_portal/configurations/object
const REASONS: Record<Feedback, string> = {
  too_expensive: 'It is too expensive',
  missing_features: 'It lacks something I need',
  switched_service: 'I have found something else',
  unused: 'I do not use it enough',
  customer_service: 'I was not helped well',
  too_complex: 'It is too hard to use',
  low_quality: 'It is not good enough',
  other: 'Another reason',
}

/** The page that asks once more before a subscription is canceled, and why. */
export function cancelPage(
  world: World,
  portal: Portal,
  subscription: Subscription,
  given: Form,
  fault?: string,
): string {
  const { id, cancel_at, items } = subscription
  const name = planName(world, subscription)
  const end = cancel_at ?? periodEnd(items.data)
  return portalFrame(portal, {
    title: `Cancel ${name}`,
    isInner: true,
    body:
      cancel_at === null
        ? html`
<h1>Cancel ${name}?</h1>
<form class="card task" method="post" action="/stripe/portal/${portal.session.id}/cancel">
  ${fault && html`<p class="fault" role="alert">${fault}</p>`}
  <p>You keep ${name} until <strong>${day(end)}</strong>, and nothing is charged after that. Until then you can take it back.</p>
  <input type="hidden" name="subscription" value="${id}">
  ${reasons(portal, given)}
  <div class="answers"><button type="submit" class="danger">Cancel subscription</button>
  ${portal.session.flow === null && html`<a class="button" href="/stripe/portal/${portal.session.id}">Keep it</a>`}</div>
</form>`
        : html`<h1>${name} is canceled</h1><p class="lead">It ends on ${day(end)}, and nothing is charged after that.</p>`,
  })
}

function reasons({ features }: Portal, given: Form): Markup | false {
  const { enabled, options } = features.subscription_cancel.cancellation_reason
  const chosen = field(given, 'feedback')
  const option = (value: string) =>
    html`<option value="${value}"${value === chosen && html` selected`}>${isReason(value) ? REASONS[value] : value}</option>`
  return (
    enabled &&
    html`<label class="field"><span>Why do you leave? You need not say.</span>
    <select name="feedback"><option value=""></option>${options.map(option)}</select></label>
  <label class="field"><span>Anything else?</span><textarea name="comment" maxlength="1000">${field(given, 'comment')}</textarea></label>`
  )
}

/** What may be given as the reason; anything else a form sends is none. */
export function isReason(value: string): value is Feedback {
  return Object.hasOwn(REASONS, value)
}
