import { html, type Markup } from '../../../pages/html.ts'
import { frame } from '../frame.ts'
import { webAddress } from '../guard.ts'
import type { Portal } from './findPortal.ts'

/** A page of the portal, with the way back to where the customer came from, and to its first page from others. */
export function portalFrame(
  { session }: Portal,
  { title, body, isInner = false }: { title: string; body: Markup; isInner?: boolean },
): string {
  const url = webAddress(session.return_url)
  // A deep link shows its one task only: https://docs.stripe.com/customer-management/portal-deep-links
  const hasHome = isInner && session.flow === null
  return frame({
    title,
    kind: 'portal',
    body: html`
<nav class="returns" aria-label="Ways back">
  ${hasHome && html`<a class="return" href="/stripe/portal/${session.id}">Your billing</a>`}
  ${!hasHome && url !== null && html`<a class="return" href="${url}">Return</a>`}
</nav>
${body}`,
  })
}
