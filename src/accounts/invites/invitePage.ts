import type { App } from '../../app.ts'
import { servePage } from '../../http/plainPage.ts'
import type { Server } from '../../http/server.ts'
import { sharedScript, wordsOf } from '../../identity/pageScript.ts'
import { providerTitles } from '../../oidc/rules.ts'

const script = `${sharedScript}
const invite = asked.get('token'), one = (selector) => document.querySelector(selector)
let offer, session
async function join() {
  const { account } = await call('POST', '/v1/invites/accept', { token: invite }, session.access_token)
  await call('POST', '/v1/auth/switch-account', { account_id: account.id }, session.access_token)
  location.assign('/account')
}
function on(event, element, work) {
  const button = element.querySelector('button') || element
  element.addEventListener(event, async (happened) => {
    happened.preventDefault()
    button.disabled = true
    try { await work(Object.fromEntries(element.elements ? new FormData(element) : [])) } catch (problem) {
      tell(problem)
      button.disabled = false
    }
  })
}
on('click', one('#accept'), join)
on('submit', one('#sign-in'), async (fields) => {
  session = await call('POST', '/v1/auth/login', fields)
  await join()
})
on('submit', one('#register'), async ({ name, ...fields }) => {
  await call('POST', '/v1/auth/register', { ...fields, invite_token: invite, ...(name.trim() && { name }) })
  location.assign('/account')
})
async function show() {
  if (!invite) throw { status: 404, message: 'This address lacks its token: open the link from the mail again.' }
  offer = await call('POST', '/v1/invites/preview', { token: invite })
  one('#offer').textContent = (offer.invited_by || 'Somebody') + ' invites ' + offer.email + ' to ' + offer.account_name + ', with the role ' + offer.role + '.'
  session = await call('POST', '/v1/auth/refresh', {}).catch((problem) => { if (problem.status !== 401) throw problem })
  const isTheirs = session?.user.email === offer.email
  if (session) one('#who').textContent = 'You are signed in as ' + session.user.email + (isTheirs ? '.' : '. The invite is for another address, so come in with that one:')
  for (const field of document.querySelectorAll('[name=email]')) field.value = offer.email
  for (const link of document.querySelectorAll('a.button')) {
    const url = new URL(link.href)
    for (const [name, value] of Object.entries({ invite_token: invite, login_hint: offer.email, return_to: '/account' })) url.searchParams.set(name, value)
    link.href = url.href
  }
  one(isTheirs ? '#accept' : '#enter').hidden = false
}
show().catch((problem) => { one('#offer').hidden = true; tell(problem) })`

/** Where the link of an invite leads: it shows the invite, and every way in for the address that it is for. */
export function invitePage(server: Server, { config, oidc }: App): void {
  const ways = oidc.providers
    .map(
      (provider) =>
        `<a class="button" href="/v1/auth/oauth/${provider}/start">Continue with ${providerTitles[provider]}</a>`,
    )
    .join('')
  servePage(server, {
    path: '/accept-invite',
    title: 'You are invited',
    product: config.productName,
    main: `${wordsOf(config.productOrigins)}<p id="offer">One moment…</p><p id="who"></p><button id="accept" hidden>Join</button>
<div id="enter" hidden>${ways}${ways && '<hr>'}<form id="register">${addressField}<label>Name<input name="name" autocomplete="name" maxlength="200"></label>
<label>New password<input type="password" name="password" autocomplete="new-password" minlength="${config.passwordMinLength}" required></label>
<button>Sign up and join</button></form><hr><form id="sign-in"><p>Registered here already?</p>${addressField}
<label>Password<input type="password" name="password" autocomplete="current-password" required></label><button>Sign in and join</button></form>
<p><a href="/forgot-password">Forgot your password?</a></p></div>`,
    script,
  })
}

/** Not to be changed, and there for whatever keeps passwords. */
const addressField = '<label>E-mail<input type="email" name="email" autocomplete="username" readonly></label>'
