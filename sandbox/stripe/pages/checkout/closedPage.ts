import { html } from '../../../pages/html.ts'
import type { Session } from '../../billing/shapes.ts'
import { notice } from '../frame.ts'
import { webAddress } from '../guard.ts'

/** What there is to see of a session that can no longer be paid: why, and the way back. */
export function closedPage(session: Session): string {
  const isPaid = session.status === 'complete'
  const url = isPaid ? successAddress(session) : webAddress(session.cancel_url)
  const way = url !== null && html`<a class="button" href="${url}">Go back</a>`
  return isPaid
    ? notice('All done', html`<p>This has been paid already; nothing is charged twice.</p>`, way)
    : notice('This page has expired', html`<p>Nothing was charged. Start again from where you came.</p>`, way)
}

/** Where the buyer goes once a session is complete: https://docs.stripe.com/payments/checkout/custom-success-page */
export function successAddress({ id, success_url }: Session): string | null {
  return webAddress(success_url?.replaceAll('{CHECKOUT_SESSION_ID}', id))
}
