import type { App } from '../app.ts'
import { servePage } from '../http/plainPage.ts'
import type { Server } from '../http/server.ts'
import { providerTitles } from '../oidc/rules.ts'
import { sharedScript, wordsOf } from './pageScript.ts'

const signInScript = `${sharedScript}
for (const link of document.querySelectorAll('a.button')) {
  const url = new URL(link.href)
  for (const name of ['return_to', 'invite_token']) if (asked.has(name)) url.searchParams.set(name, asked.get(name))
  link.href = url.href
}
sayWhatHappened()
const form = document.querySelector('form'), button = form.querySelector('button')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    await call('POST', '/v1/auth/login', Object.fromEntries(new FormData(form)))
    location.assign(placeToGo())
  } catch (problem) { tell(problem); button.disabled = false }
})`

const forgotScript = `${sharedScript}
const form = document.querySelector('form'), button = form.querySelector('button')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    await call('POST', '/v1/auth/password/forgot', Object.fromEntries(new FormData(form)))
    form.hidden = true
    say('If somebody has this address here, a mail is on its way to it.')
  } catch (problem) { tell(problem); button.disabled = false }
})`

/** Where people come in, and ask for a new password. */
export function signInPages(server: Server, { config, oidc }: App): void {
  const { productName: product, selfServeEnabled } = config
  const words = wordsOf(config.returnOrigins)
  const ways = oidc.providers
    .map(
      (provider) =>
        `<a class="button" href="/v1/auth/oauth/${provider}/start">Continue with ${providerTitles[provider]}</a>`,
    )
    .join('')
  const isForNew = ways && selfServeEnabled ? '<p>New here? These sign you up too.</p>' : ''
  servePage(server, {
    path: '/sign-in',
    title: 'Sign in',
    product,
    main: `${words}${isForNew}${ways}${ways && '<hr>'}<form>${emailField}
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
}

const emailField = '<label>E-mail<input type="email" name="email" autocomplete="username" required></label>'
