import type { App } from '../app.ts'
import { servePage } from '../http/plainPage.ts'
import type { Server } from '../http/server.ts'
import { providerTitles } from '../oidc/rules.ts'
import { sharedScript, wordsOf } from './pageScript.ts'

const script = `${sharedScript}
const list = document.querySelector('ul'), acts = document.querySelector('#acts'), form = document.querySelector('form')
let token
async function guarded(work, element) {
  element.disabled = true
  try { await work() } catch (problem) {
    if (problem.code === 'recent-sign-in-required') location.assign('/sign-in?error=recent-sign-in-required&return_to=/account')
    else tell(problem)
  }
  element.disabled = false
}
function button(label, work) {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = 'plain'
  made.textContent = label
  made.addEventListener('click', () => guarded(work, made))
  return made
}
function item(text, ...more) {
  const made = document.createElement('li'), said = document.createElement('span')
  said.textContent = text
  made.append(said, ...more)
  return made
}
async function show() {
  token = (await call('POST', '/v1/auth/refresh', {})).access_token
  const [me, { data }, closed] = await Promise.all(['/v1/me', '/v1/me/identities', '/v1/accounts?closed=true'].map((path) => call('GET', path, null, token)))
  document.querySelector('#who').textContent = 'Signed in as ' + (me.name ? me.name + ', ' : '') + me.email + '.' + (me.email_verified ? '' : ' The address is not verified yet: open the link that we mailed to you.')
  const isOnly = !me.has_password && data.length === 1
  list.replaceChildren(
    ...(me.has_password ? [item('Password')] : []),
    ...data.map(({ id, provider, email }) => item(titleOf(provider) + (email ? ', ' + email : ''), ...(isOnly ? [] : [button('Unlink', async () => { await call('DELETE', '/v1/me/identities/' + id, null, token); location.assign('/account') })]))),
  )
  if (!me.email_verified) acts.append(button('Mail me the link again', async () => { await call('POST', '/v1/auth/email/resend', {}, token); say('It is on its way.') }))
  if (!me.has_password) acts.append(button('Choose a password', async () => { await call('POST', '/v1/auth/password/first-link', {}, token); say('We have mailed you a link.') }))
  for (const { id, name, purge_due_at } of closed.data) acts.append(button('Reopen ' + name + ' (until ' + new Date(purge_due_at).toLocaleDateString() + ')', async () => { await call('POST', '/v1/accounts/' + id + '/reopen', {}, token); location.assign('/account') }))
  acts.append(
    button('Sign out', async () => { await call('POST', '/v1/auth/logout', {}, token); location.assign('/sign-in') }),
    button('Sign out everywhere', async () => { await call('POST', '/v1/auth/logout-all', {}, token); location.assign('/sign-in') }),
  )
  document.querySelector('#mine').hidden = false
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  guarded(async () => { await call('POST', '/v1/me/email', Object.fromEntries(new FormData(form)), token); form.reset(); say('We have mailed both addresses. The new one holds once both have agreed.') }, event.submitter)
})
sayWhatHappened()
show().catch((problem) => {
  if (problem.status === 401) location.assign('/sign-in?return_to=/account')
  else tell(problem)
})`

/** What a user signs in with, and how to change it. To strangers it shows nothing of anybody. */
export function accountPage(server: Server, { config, oidc }: App): void {
  const linking = oidc.providers
    .map(
      (provider) =>
        `<a class="button" href="/v1/auth/oauth/${provider}/start?intent=link&amp;return_to=/account">Link ${providerTitles[provider]}</a>`,
    )
    .join('')
  servePage(server, {
    path: '/account',
    title: 'Your account',
    product: config.productName,
    main: `${wordsOf(config.productOrigins)}<p id="who">One moment…</p><div id="mine" hidden><ul></ul>${linking}<div id="acts"></div>
<hr><form><label>Another address<input type="email" name="email" autocomplete="email" required></label><button class="plain">Change my address</button></form>
<p><a href="/billing">Plan and billing</a></p></div>`,
    script,
  })
}
