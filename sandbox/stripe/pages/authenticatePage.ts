import { html, type Markup } from '../../pages/html.ts'
import { frame } from './frame.ts'

interface Question {
  /** What is to be approved of: `paying $29.00 for Pro with the card that ends in 3184`. */
  what: string
  /** Where the answer goes, with these fields beside `answer`. */
  action: string
  fields?: Record<string, string>
}

/** What a bank asks in the middle of a payment: the buyer approves of it, or refuses. */
export function authenticatePage({ what, action, fields = {} }: Question): string {
  return frame({
    title: 'Your bank asks',
    kind: 'notice',
    body: html`<div class="card notice">
  <p class="eyebrow">3-D Secure, played by the sandbox</p>
  <h1>Your bank asks</h1>
  <p>Do you approve of ${what}?</p>
  <form method="post" action="${action}">
    ${Object.entries(fields).map(hidden)}
    <button type="submit" name="answer" value="approve" autofocus>Approve</button>
    <button type="submit" name="answer" value="refuse" class="quiet">Refuse</button>
  </form>
</div>`,
  })
}

function hidden([name, value]: [string, string]): Markup {
  return html`<input type="hidden" name="${name}" value="${value}">`
}
