import type { Parts } from '../parts.ts'
import { html, type Markup } from './html.ts'

/** Makes somebody an operator, and has the link to sign in with mailed to them. */
export function operatorSection({ serviceUrl }: Pick<Parts, 'serviceUrl'>): Markup {
  return html`
<section class="card operator" id="operator" aria-labelledby="operator-title">
  <div>
    <h2 id="operator-title">Be the operator</h2>
    <p>Operators look after accounts: give a plan away, lengthen a trial, answer leads. They sign in to <a href="${serviceUrl}/operator">their pages</a> by a link that is mailed to them.</p>
  </div>
  <form data-operator-form>
    <label for="operator-email">Your address</label>
    <div class="joined">
      <input id="operator-email" name="email" type="email" value="you@company.example" required maxlength="320" autocomplete="email" spellcheck="false" aria-describedby="operator-status">
      <button type="submit">Become an operator</button>
    </div>
    <p class="status" id="operator-status" role="status" data-operator-status>The link arrives in the mailbox, which opens next.</p>
  </form>
</section>`
}
