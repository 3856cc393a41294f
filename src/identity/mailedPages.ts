import type { App } from '../app.ts'
import { servePage } from '../http/plainPage.ts'
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

/** The pages that mailed links lead to. Opening one uses nothing: mail scanners open links; the button posts. */
export function mailedPages(server: Server, { config }: App): void {
  for (const { path, title, ...page } of pages) {
    const main = formOf(page, config.passwordMinLength)
    servePage(server, { path, title, product: config.productName, main, script })
  }
}

function formOf(
  { text, action, post, asksPassword, done }: Omit<MailedPage, 'path' | 'title'>,
  minLength: number,
): string {
  const password = asksPassword
    ? `<label>New password<input type="password" name="password" autocomplete="new-password" minlength="${minLength}" required></label>`
    : ''
  return `<form data-post="${post}" data-done="${done}"><p>${text}</p>${password}<button>${action}</button></form>`
}
