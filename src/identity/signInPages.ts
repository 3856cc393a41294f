import type { App } from '../app.ts'
import { escapeText, type IsOpenFor, servePage } from '../http/plainPage.ts'
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
export function signInPages(server: Server, { config, oidc }: App, isOpenFor: IsOpenFor): void {
  const { productName: product } = config
  const words = wordsOf(config.productOrigins)
  const ways = oidc.providers
    .map(
      (provider) =>
        `<a class="button" href="/v1/auth/oauth/${provider}/start">Continue with ${providerTitles[provider]}</a>`,
    )
    .join('')
  const mayBegin = ways && '<p>New here? These sign you up too.</p>'
  const mayAsk = `<hr><p>New here? Accounts are by invite for now.</p><a class="button" href="${escapeText(config.salesUrl)}">Talk to sales</a>`
  servePage(server, {
    path: '/sign-in',
    title: 'Sign in',
    product,
    async main(request, reply) {
      const { error } = request.query as Record<string, unknown>
      // Whoever was turned away comes from a provider with an address that may not, whatever this browser may.
      const isOpen = (await isOpenFor(request, reply)) && error !== 'self-serve-disabled'
      return `${words}${isOpen ? mayBegin : ''}${ways}${ways && '<hr>'}<form>${emailField}
<label>Password<input type="password" name="password" autocomplete="current-password" required></label><button>Sign in</button></form>
<p><a href="/forgot-password">Forgot your password?</a></p>${isOpen ? '' : mayAsk}`
    },
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
