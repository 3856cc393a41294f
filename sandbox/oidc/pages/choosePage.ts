import { html, type Markup } from '../../pages/html.ts'
import { frame } from './frame.ts'
import type { Shown } from './personForm.ts'

interface Choice {
  provider: string
  people: (Shown & { key: string })[]
  /** Whom the client would like to see, and nobody knows. */
  hint: string | undefined
  fields: Markup
}

/** The page that asks who signs in. Each answer is a form that it posts to itself. */
export function choosePage({ provider, people, hint, fields }: Choice): string {
  return frame(
    provider,
    'Choose an account',
    html`
<h1>Choose an account</h1>
<p class="lead">to go on to Frontgate with ${provider}.${hint && html` Nobody here is called <strong>${hint}</strong>.`}</p>
<form method="post" class="card accounts">
  ${people.map(account)}
</form>
<details class="card new">
  <summary>Make somebody new</summary>
  <form method="post">
    ${fields}
    <button type="submit" name="answer" value="new">Make and sign in</button>
  </form>
</details>
<form method="post" class="cancel"><button type="submit" name="answer" value="cancel" class="quiet">Cancel</button></form>`,
  )
}

function account({ key, name, address, facts }: Choice['people'][number]): Markup {
  return html`<button type="submit" name="person" value="${key}" class="account">
    <span class="initial" aria-hidden="true">${[...name][0]?.toUpperCase()}</span>
    <span class="who"><strong>${name}</strong><span>${address}</span></span>
    <span class="facts">${facts.map(({ kind, words }) => html`<span class="badge ${kind}">${words}</span>`)}</span>
  </button>`
}
