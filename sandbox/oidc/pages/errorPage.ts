import { html } from '../../pages/html.ts'
import { frame } from './frame.ts'

/** Where somebody ends whom the provider cannot send back. */
export function errorPage(provider: string, title: string, detail: string): string {
  return frame(provider, title, html`<div class="card notice"><h1>${title}</h1><p>${detail}</p></div>`)
}
