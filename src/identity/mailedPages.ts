import { createHash } from 'node:crypto'
import type { App } from '../app.ts'
import type { Server } from '../http/server.ts'

interface MailedPage {
  path: string
  title: string
  text: string
  action: string
  /** Where the page posts its token. */
  post: string
  asksPassword: boolean
  done: string
}

const pages: MailedPage[] = [
  {
    path: '/verify-email',
    title: 'Verify your address',
    text: 'Confirm that this mailbox is yours.',
    action: 'Verify my address',
    post: '/v1/auth/email/verify',
    asksPassword: false,
    done: 'Your address is verified. You can close this page.',
  },
  {
    path: '/reset-password',
    title: 'Choose a new password',
    text: 'All your sessions end once the new password holds.',
    action: 'Set the password',
    post: '/v1/auth/password/reset',
    asksPassword: true,
    done: 'Your new password holds. Sign in with it.',
  },
]

const script = `
const form = document.querySelector('form'), said = document.querySelector('output'), button = form.querySelector('button')
const token = new URLSearchParams(location.search).get('token')
if (!token) { button.disabled = true; said.textContent = 'This address lacks its token: open the link from the mail again.' }
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  const reply = await fetch(form.dataset.post, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
  }).catch(() => null)
  const problem = reply && !reply.ok ? await reply.json() : null
  said.textContent = !reply ? 'The service cannot be reached. Try again in a moment.' : problem ? problem.title + '. ' + problem.detail : form.dataset.done
  if (reply && reply.ok) form.hidden = true
  else button.disabled = problem?.status === 410 || problem?.status === 404
})`

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; background: light-dark(#f4f5f7, #12151a) }
main { box-sizing: border-box; width: min(26rem, 100vw - 2rem); padding: 2rem; border-radius: .75rem; background: light-dark(#fff, #1b2027) }
h1 { margin: 0 0 .5rem; font-size: 1.25rem } p { margin: 0 0 1.25rem }
label { display: block; margin-bottom: 1rem } input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit }
button { width: 100%; padding: .7rem; border: 0; border-radius: .4rem; background: #1f5eff; color: #fff; font: inherit; font-weight: 600; cursor: pointer }
button:disabled { opacity: .5; cursor: default } output { display: block; margin-top: 1rem }`

/** The pages that mailed links lead to. Opening one uses nothing: mail scanners open links; the button posts. */
export function mailedPages({ fastify }: Server, { config }: App): void {
  for (const page of pages) {
    const html = render(page, config.productName, config.passwordMinLength)
    fastify.get(page.path, { schema: { hide: true } }, async (_request, reply) =>
      reply
        .header('content-security-policy', contentPolicy)
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(html),
    )
  }
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const contentPolicy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

function render(
  { title, text, action, post, asksPassword, done }: MailedPage,
  product: string,
  minLength: number,
): string {
  const password = asksPassword
    ? `<label>New password<input type="password" name="password" autocomplete="new-password" minlength="${minLength}" required></label>`
    : ''
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer"><title>${title} · ${escapeText(product)}</title><style>${style}</style>
<main><h1>${title}</h1><form data-post="${post}" data-done="${done}"><p>${text}</p>${password}<button>${action}</button></form>
<output aria-live="polite"></output></main><script>${script}</script></html>`
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
