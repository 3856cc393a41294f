import { html } from '../../../pages/html.ts'
import { cardChoice } from '../cardChoice.ts'
import type { Form } from '../guard.ts'
import { cardName } from './cardName.ts'
import type { Portal } from './findPortal.ts'
import { portalFrame } from './portalFrame.ts'

/** The page on which a customer chooses the card that is charged from now on. */
export function cardPage(portal: Portal, given: Form, fault?: string): string {
  const { session, method } = portal
  const title = method ? 'Change the card' : 'Add a card'
  return portalFrame(portal, {
    title,
    isInner: true,
    body: html`
<h1>${title}</h1>
<form class="card task" method="post" action="/stripe/portal/${session.id}/card">
  <p>${method && html`Now <strong>${cardName(method)}</strong> is charged. `}The card you choose is charged from now on, for everything you are subscribed to.</p>
  ${cardChoice({ legend: 'Card', given, fault })}
  <button type="submit">Use this card</button>
</form>`,
  })
}
