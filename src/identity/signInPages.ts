import type { App } from '../app.ts'
import { servePage } from '../http/plainPage.ts'
import type { Server } from '../http/server.ts'
import { type ProviderName, providerTitles } from '../oidc/rules.ts'
import type { ProblemCode } from '../problems.ts'

/** What went wrong on the way to a provider and back, in the words of the page. `{provider}` is its name. */
const faults: Partial<Record<ProblemCode, string>> = {
  'oauth-failed':
    'That did not work out: it took too long, was opened twice, or what {provider} sent does not fit. Please begin again.',
  'oauth-canceled': 'You did not sign in with {provider}. Try again, or come in another way.',
  'oauth-not-allowed': 'This {provider} account may not come in here. Choose the account of your company.',
  'oauth-unavailable':
    '{provider} does not answer right now. Nothing is lost: try again in a moment, or come in another way.',
  'oauth-not-configured': 'Signing in with {provider} is not set up here.',
  'oauth-email-missing':
    'Your {provider} account has no e-mail address. Sign up with a password, then link it.',
  'email-already-registered':
    'A user with this address exists, and {provider} does not vouch that it is yours. Sign in as you did before, then link {provider} in your account.',
  'identity-already-linked': 'This {provider} account belongs to another user here. Nothing was changed.',
  'invite-for-another-address':
    'You were invited under another address than the one of this {provider} account. Choose the other account, or ask to be invited under this one.',
  'seat-limit-reached': 'The account that invites you has no free seat. Ask whoever invited you.',
  'token-expired': 'This invite has expired. Ask to be invited again.',
  'token-superseded': 'You were invited again since: open the link in the newest mail.',
  'token-canceled': 'This invite was taken back. Ask to be invited again.',
  'token-used': 'This invite has been accepted. Sign in to get to the account.',
  'token-unknown': 'This link is not one of ours. Open it from the mail again.',
  'self-serve-disabled':
    'New accounts cannot be created here right now. Ask for an invite, or talk to sales.',
  'email-verification-required': 'Verify your address first: open the link that we mailed to you.',
  'recent-sign-in-required':
    'For this you must have signed in within the last ten minutes. Please sign in again.',
  'session-expired': 'Your session is over. Please sign in again.',
  unauthenticated: 'Please sign in first.',
  'too-many-requests': 'Too many attempts from your network. Please wait a few minutes.',
  overloaded: 'The service is too busy right now. Nothing is lost: try again in a moment.',
}

const notices: Record<string, string> = {
  'check-mail': 'We have sent you a mail. Its link proves that the mailbox is yours, and signs you in.',
}

/** What the scripts of pages share that people come in by: calls, words, and where to go on. */
export const sharedScript = `
const asked = new URLSearchParams(location.search), said = document.querySelector('output')
const { titles, faults, notices, origins } = JSON.parse(document.querySelector('#words').textContent)
const titleOf = (provider) => Object.hasOwn(titles, provider) ? titles[provider] : 'the provider'
function placeToGo() {
  const url = URL.parse(asked.get('return_to') || '/account', location.origin)
  if (!url || !/^https?:$/.test(url.protocol)) return '/account'
  const isPage = url.origin === location.origin && !decodeURIComponent(url.pathname).startsWith('/v1/')
  return isPage || origins.includes(url.origin) ? url.href : '/account'
}
async function call(method, path, body, token) {
  const reply = await fetch(path, { method, headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: 'Bearer ' + token }) }, ...(body && { body: JSON.stringify(body) }) })
  const answer = reply.status === 204 ? null : await reply.json()
  if (!reply.ok) throw Object.assign(new Error(answer.title + '. ' + answer.detail), answer)
  return answer
}
function tell(problem) {
  said.className = 'fault'
  said.textContent = problem.status ? problem.message : 'The service cannot be reached. Try again in a moment.'
}`

const signInScript = `${sharedScript}
for (const link of document.querySelectorAll('a.button')) {
  const url = new URL(link.href)
  for (const name of ['return_to', 'invite_token']) if (asked.has(name)) url.searchParams.set(name, asked.get(name))
  link.href = url.href
}
const fault = asked.get('error'), notice = asked.get('notice')
if (fault) tell({ status: 400, message: (Object.hasOwn(faults, fault) ? faults[fault] : 'That did not work out. Please try again.').replaceAll('{provider}', titleOf(asked.get('provider'))) })
else if (Object.hasOwn(notices, notice)) said.textContent = notices[notice]
const form = document.querySelector('form'), button = form.querySelector('button')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    await call('POST', '/v1/auth/login', Object.fromEntries(new FormData(form)))
    location.assign(placeToGo())
  } catch (problem) {
    tell(problem.code === 'use-oauth-provider' ? { status: 409, message: 'You sign in with ' + problem.providers.map(titleOf).join(' or ') + '.' } : problem)
    button.disabled = false
  }
})`

const forgotScript = `${sharedScript}
const form = document.querySelector('form'), button = form.querySelector('button')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    await call('POST', '/v1/auth/password/forgot', Object.fromEntries(new FormData(form)))
    form.hidden = true
    said.className = ''
    said.textContent = 'If somebody has this address here, a mail is on its way to it.'
  } catch (problem) { tell(problem); button.disabled = false }
})`

const accountScript = `${sharedScript}
const main = document.querySelector('#account'), list = document.querySelector('ul'), links = document.querySelector('#links')
let token
function button(label, act) {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = 'plain'
  made.textContent = label
  made.addEventListener('click', async () => {
    made.disabled = true
    try { await act() } catch (problem) { tell(problem); made.disabled = false }
  })
  return made
}
async function show() {
  token = (await call('POST', '/v1/auth/refresh', {})).access_token
  const [me, identities] = await Promise.all([call('GET', '/v1/me', null, token), call('GET', '/v1/me/identities', null, token)])
  main.textContent = 'Signed in as ' + (me.name ? me.name + ', ' : '') + me.email + '.' + (me.email_verified ? '' : ' The address is not verified yet: open the link that we mailed to you.')
  const ways = identities.data.map(({ id, provider, email }) => [titleOf(provider) + (email ? ', ' + email : ''), button('Unlink', async () => { await call('DELETE', '/v1/me/identities/' + id, null, token); location.reload() })])
  if (me.has_password) ways.unshift(['Password', null])
  else links.append(button('Choose a password', async () => { await call('POST', '/v1/auth/password/first-link', {}, token); said.textContent = 'We have mailed you a link.' }))
  list.replaceChildren(...ways.map(([name, act]) => {
    const item = document.createElement('li'), text = document.createElement('span')
    text.textContent = name
    item.append(text, ...(act ? [act] : []))
    return item
  }))
  links.append(button('Sign out', async () => { await call('POST', '/v1/auth/logout', {}, token); location.assign('/sign-in') }))
  document.querySelector('#ways').hidden = false
}
show().catch((problem) => {
  if (problem.status === 401) location.assign('/sign-in?return_to=/account')
  else tell(problem)
})`

/** Where people come in, ask for a new password, and see what they sign in with. None of it is shown to strangers. */
export function signInPages(server: Server, { config, oidc }: App): void {
  const product = config.productName
  const words = wordsOf(config.returnOrigins)
  const link = (provider: ProviderName, query: string, label: string) =>
    `<a class="button" href="/v1/auth/oauth/${provider}/start${query}">${label} ${providerTitles[provider]}</a>`
  const ways = oidc.providers.map((provider) => link(provider, '', 'Continue with')).join('')
  const linking = oidc.providers
    .map((provider) => link(provider, '?intent=link&amp;return_to=/account', 'Link'))
    .join('')
  servePage(server, {
    path: '/sign-in',
    title: 'Sign in',
    product,
    main: `${words}${ways}${ways && '<hr>'}<form>${emailField}
<label>Password<input type="password" name="password" autocomplete="current-password" required></label><button>Sign in</button></form>
<p><a href="/forgot-password">Forgot your password?</a></p>`,
    script: signInScript,
  })
  servePage(server, {
    path: '/forgot-password',
    title: 'Forgot your password?',
    product,
    main: `${words}<form><p>We mail you a link to choose a new one.</p>${emailField}<button>Mail me a link</button></form>
<p><a href="/sign-in">Back to sign-in</a></p>`,
    script: forgotScript,
  })
  servePage(server, {
    path: '/account',
    title: 'Your account',
    product,
    main: `${words}<p id="account">One moment…</p><div id="ways" hidden><ul></ul><div id="links">${linking}</div>
<p><a href="/billing">Plan and billing</a></p></div>`,
    script: accountScript,
  })
}

const emailField = '<label>E-mail<input type="email" name="email" autocomplete="username" required></label>'

/** For `sharedScript` to read; it is data, and no policy lets a browser run it. */
export function wordsOf(origins: readonly string[]): string {
  const words = JSON.stringify({ titles: providerTitles, faults, notices, origins })
  return `<script type="application/json" id="words">${words.replaceAll('<', '\\u003c')}</script>`
}
