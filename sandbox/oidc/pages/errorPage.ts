import { html } from '../../pages/html.ts'
import { frame } from './frame.ts'

/** What such a page may load. */
export const ERROR_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/** Where somebody ends whom the provider cannot send back. */
export function errorPage(provider: string, title: string, detail: string): string {
  return frame(provider, title, html`<div class="card notice"><h1>${title}</h1><p>${detail}</p></div>`)
}
