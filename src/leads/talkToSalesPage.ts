import type { App } from '../app.ts'
import { escapeText, servePage } from '../http/plainPage.ts'
import type { Server } from '../http/server.ts'

const CLOUDFLARE = 'https://challenges.cloudflare.com'

const script = `
const asked = new URLSearchParams(location.search), said = document.querySelector('output')
const form = document.querySelector('form'), button = form.querySelector('button')
function say(message, isFault) {
  said.className = isFault ? 'fault' : ''
  said.textContent = message
}
function attribution() {
  const found = { referrer: document.referrer, landing_page: location.href }
  for (const [name, value] of asked) if (/^utm_(source|medium|campaign|term|content)$/.test(name)) found[name] = value
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value).map(([name, value]) => [name, value.slice(0, 500)]))
}
function lead() {
  const { 'cf-turnstile-response': token, message, ...fields } = Object.fromEntries(new FormData(form))
  const plan = (asked.get('plan') || '').slice(0, 100), source = (asked.get('source') || 'talk-to-sales').slice(0, 100)
  return { ...fields, ...(message.trim() && { message }), ...(plan && { plan }), source, attribution: attribution(), ...(token && { turnstile_token: token }) }
}
const words = { '/email': 'This is not an e-mail address.', '/turnstile_token': 'Please take the challenge above the button, then send again.' }
function explain(problem) {
  if (problem.status === 429) return 'Your network has sent several of these already. Please try again in an hour.'
  const known = (problem.errors || []).map(({ pointer }) => words[pointer.slice(1)]).find(Boolean)
  return known || problem.title + '. ' + problem.detail
}
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    const reply = await fetch('/v1/sales-leads', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(lead()) })
    if (reply.ok) {
      form.hidden = true
      return say('Thank you. We write to you soon.')
    }
    say(explain(await reply.json()), true)
  } catch { say('The service cannot be reached. Try again in a moment.', true) }
  // What it gave is used up.
  if (window.turnstile) window.turnstile.reset()
  button.disabled = false
})`

/** Where people leave word for sales; it takes along where they came from. */
export function talkToSalesPage(server: Server, { config }: App): void {
  const { turnstileSiteKey: key } = config
  const challenge = key
    ? `<div class="cf-turnstile" data-sitekey="${escapeText(key)}"></div><script src="${CLOUDFLARE}/turnstile/v0/api.js" async defer></script>`
    : ''
  servePage(server, {
    path: '/talk-to-sales',
    title: 'Talk to sales',
    product: config.productName,
    main: `<form><p>Tell us who you are, and we write to you.</p><label>Name<input name="name" autocomplete="name" maxlength="200" required></label>
<label>Company<input name="company" autocomplete="organization" maxlength="200" required></label>
<label>E-mail<input type="email" name="email" autocomplete="email" maxlength="320" required></label>
<label>Message<textarea name="message" rows="5" maxlength="5000"></textarea></label>
<div class="away" aria-hidden="true"><label>Website<input name="website" tabindex="-1" autocomplete="off"></label></div>
${challenge}<button>Send</button></form><p><a href="/sign-in">Back to sign-in</a></p>`,
    script,
    ...(key && { widgetsFrom: CLOUDFLARE }),
  })
}
