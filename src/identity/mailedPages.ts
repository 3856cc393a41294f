import type { App } from '../app.ts'
import { servePage, wayBack } from '../http/plainPage.ts'
import type { Server } from '../http/server.ts'

interface MailedPage {
  path: string
  title: string
  text: string
  asksPassword?: true
  /** Whether it posts as the user who is signed in, by the cookie of their session. */
  asksSession?: true
  buttons: Button[]
}

interface Button {
  label: string
  /** Where the page posts its token. */
  post: string
  /** What is said once that has succeeded. */
  done: string
  /** And what while it waits for somebody else. */
  waiting?: string
}

const pages: MailedPage[] = [
  {
    path: '/verify-email',
    title: 'Verify your address',
    text: 'Confirm that this mailbox is yours, if it was you who signed up.',
    buttons: [
      {
        label: 'Verify my address',
        post: '/v1/auth/email/verify',
        done: 'Your address is verified. You can close this page.',
      },
      {
        label: 'I did not sign up',
        post: '/v1/auth/email/disown',
        done: 'Your address is free again, and nothing that was made with it opens anything.',
      },
    ],
  },
  {
    path: '/reset-password',
    title: 'Choose a new password',
    text: 'All your sessions end once the new password holds.',
    asksPassword: true,
    buttons: [
      {
        label: 'Set the password',
        post: '/v1/auth/password/reset',
        done: 'Your new password holds. Sign in with it.',
      },
    ],
  },
  {
    path: '/set-password',
    title: 'Choose a password',
    text: 'You can sign in with it from then on. Your other sessions end.',
    asksPassword: true,
    asksSession: true,
    buttons: [
      {
        label: 'Set the password',
        post: '/v1/auth/password/first',
        done: 'Your password holds. You can close this page.',
      },
    ],
  },
  {
    path: '/confirm-email-change',
    title: 'Change of address',
    text: 'Somebody who is signed in asked for another address. Agree only if that was you.',
    buttons: [
      {
        label: 'Change the address',
        post: '/v1/auth/email/change/confirm',
        done: 'The new address holds. You can close this page.',
        waiting: 'Confirmed. The new address holds once the other mailbox has confirmed it too.',
      },
      {
        label: 'This was not me',
        post: '/v1/auth/email/change/refuse',
        done: 'The change is called off, and the address stays as it is. If it is yours, choose a new password: somebody may be signed in as you.',
      },
    ],
  },
  {
    path: '/undo-email-change',
    title: 'Take the change of address back',
    text: 'Your former address holds again, and all sessions end.',
    buttons: [
      {
        label: 'Take it back',
        post: '/v1/auth/email/change/refuse',
        done: 'Your former address holds again. If somebody else may know your password, choose a new one now.',
      },
    ],
  },
]

const script = `
const form = document.querySelector('form'), said = document.querySelector('output'), buttons = [...form.querySelectorAll('button')]
const token = new URLSearchParams(location.search).get('token')
const fail = (message) => { said.className = 'fault'; said.textContent = message }
const disable = (yes) => { for (const button of buttons) button.disabled = yes }
if (!token) { disable(true); fail('This address lacks its token: open the link from the mail again.') }
async function send(path, body, accessToken) {
  const reply = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(accessToken && { authorization: 'Bearer ' + accessToken }) },
    body: JSON.stringify(body),
  })
  const answer = reply.status === 204 ? {} : await reply.json()
  if (!reply.ok) throw answer
  return answer
}
async function act({ post, done, waiting, leads }) {
  const { access_token } = form.dataset.session ? await send('/v1/auth/refresh', {}) : {}
  const { status } = await send(post, { token, ...Object.fromEntries(new FormData(form)) }, access_token)
  said.className = ''
  said.textContent = status === 'waiting' ? waiting : done
  form.hidden = true
  if (leads && status !== 'waiting') document.querySelector('div').hidden = false
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  disable(true)
  act(event.submitter.dataset).catch((problem) => {
    if (problem.status === 401) return location.assign('/sign-in?error=unauthenticated&return_to=' + encodeURIComponent(location.pathname + location.search))
    fail(problem.status ? problem.title + '. ' + problem.detail : 'The service cannot be reached. Try again in a moment.')
    disable(false)
    form.hidden = problem.status === 410 || problem.status === 404
  })
})`

/** The pages that mailed links lead to. Opening one uses nothing: mail scanners open links; the button posts. */
export function mailedPages(server: Server, { config }: App): void {
  for (const page of pages) {
    const main = `${formOf(page, config.passwordMinLength)}<div hidden>${wayBack(config.productOrigins)}</div>`
    servePage(server, { path: page.path, title: page.title, product: config.productName, main, script })
  }
}

function formOf({ text, asksPassword, asksSession, buttons }: MailedPage, minLength: number): string {
  const password = asksPassword
    ? `<label>New password<input type="password" name="password" autocomplete="new-password" minlength="${minLength}" required></label>`
    : ''
  return `<form${asksSession ? ' data-session="yes"' : ''}><p>${text}</p>${password}${buttons.map(buttonOf).join('')}</form>`
}

function buttonOf({ label, post, done, waiting = '' }: Button, i: number): string {
  return `<button${i > 0 ? ' class="plain"' : ''} data-post="${post}" data-done="${done}" data-waiting="${waiting}"${i > 0 ? '' : ' data-leads="yes"'}>${label}</button>`
}
