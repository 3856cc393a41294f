import type { StandIn } from '../oidc/createProviders.ts'
import type { Parts } from '../parts.ts'
import { html, type Markup } from './html.ts'

const MOST_PEOPLE = 6

type Shown = Pick<Parts, 'providers' | 'serviceUrl'>

/** Whom one can sign in as at Google and Microsoft, and how the service will see them. */
export function signInSection({ providers: { google, microsoft }, serviceUrl }: Shown): Markup {
  return html`
<section aria-labelledby="sign-in-title">
  <h2 id="sign-in-title">Google and Microsoft</h2>
  <p class="lead">Both ask who you are each time, and let you make somebody new. Sign in as somebody whose address they vouch for, and as somebody for whom they do not: then the mailbox is asked.</p>
  <div class="pair">
    ${provider(google, serviceUrl)}
    ${provider(microsoft, serviceUrl)}
  </div>
  <p class="further hint">With <code>?login_hint=</code> and an address of these, nobody is asked. <code>POST /control/google/people</code> makes people with any claims, <code>POST /control/google/faults</code> makes tokens and answers wrong, or Google unreachable; likewise for <code>/control/microsoft</code>.</p>
</section>`
}

function provider<Person extends object>(
  { persona: { name, title }, people, faults, form, isPlayed }: StandIn<Person>,
  serviceUrl: string,
): Markup {
  if (!isPlayed) {
    return html`<div class="card"><p class="none">${title} is not played: the service has a client of its own there, or none.</p></div>`
  }
  const known = people.list()
  return html`<div>
  <div class="card" role="group" aria-label="People at ${title}"><ul class="records">
    ${known.slice(0, MOST_PEOPLE).map((person) => {
      const shown = form.show(person)
      return html`<li class="person"><span class="what">${shown.name}</span>
      <span class="more">${shown.address}</span>
      <span class="facts">${shown.facts.map(({ kind, words }) => html`<span class="badge ${kind}">${words}</span>`)}</span></li>`
    })}
    ${known.length > MOST_PEOPLE && html`<li><span class="more">and ${known.length - MOST_PEOPLE} more</span></li>`}
  </ul></div>
  ${faults.list().map(({ kind, times }) => html`<p class="further"><span class="badge bad">${kind}</span> ${times} more ${times === 1 ? 'time' : 'times'}; <code>DELETE /control/${name}/faults</code> ends it.</p>`)}
  <p class="further"><a class="button" href="${serviceUrl}/v1/auth/oauth/${name}/start">Sign in with ${title}</a></p>
</div>`
}
