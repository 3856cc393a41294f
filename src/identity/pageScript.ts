import { providerTitles } from '../oidc/rules.ts'
import type { ProblemCode } from '../problems.ts'

/** What went wrong on the way to a provider and back, in the words of the page. `{provider}` is its name. */
export const faults: Partial<Record<ProblemCode, string>> = {
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
  forbidden: 'Linking begins in your account: press the button there.',
  unauthenticated: 'Please sign in first.',
  'too-many-requests': 'Too many attempts from your network. Please wait a few minutes.',
  overloaded: 'The service is too busy right now. Nothing is lost: try again in a moment.',
}

const notices: Record<string, string> = {
  linked: 'It is linked: you can sign in with it from now on.',
  'check-mail': 'We have sent you a mail. Its link proves that the mailbox is yours, and signs you in.',
}

/** What the scripts of pages share that people come in by: calls, words, and where to go on. */
export const sharedScript = `
const asked = new URLSearchParams(location.search), said = document.querySelector('output')
const { titles, faults, notices, origins } = JSON.parse(document.querySelector('#words').textContent)
const titleOf = (provider) => Object.hasOwn(titles, provider) ? titles[provider] : 'the provider'
function placeToGo() {
  try {
    const url = new URL(asked.get('return_to') || '/account', location.origin)
    const isPage = url.origin === location.origin && !decodeURIComponent(url.pathname).startsWith('/v1/')
    return /^https?:$/.test(url.protocol) && (isPage || origins.includes(url.origin)) ? url.href : '/account'
  } catch { return '/account' }
}
async function call(method, path, body, token) {
  const reply = await fetch(path, { method, headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: 'Bearer ' + token }) }, ...(body && { body: JSON.stringify(body) }) })
  const answer = reply.status === 204 ? null : await reply.json()
  if (!reply.ok) throw Object.assign(new Error(answer.title + '. ' + answer.detail), answer)
  return answer
}
function say(message, isFault) {
  said.className = isFault ? 'fault' : ''
  said.textContent = message
}
function tell(problem) {
  say(problem.code === 'use-oauth-provider' ? 'You sign in with ' + problem.providers.map(titleOf).join(' or ') + ': use the button above.'
    : problem.status ? problem.message : 'The service cannot be reached. Try again in a moment.', true)
}
function sayWhatHappened() {
  const fault = asked.get('error'), notice = asked.get('notice')
  if (fault) say((Object.hasOwn(faults, fault) ? faults[fault] : 'That did not work out. Please try again.').replaceAll('{provider}', titleOf(asked.get('provider'))), true)
  else if (Object.hasOwn(notices, notice)) say(notices[notice])
}`

/** For `sharedScript` to read; it is data, and no policy lets a browser run it. */
export function wordsOf(origins: readonly string[]): string {
  const words = JSON.stringify({ titles: providerTitles, faults, notices, origins })
  return `<script type="application/json" id="words">${words.replaceAll('<', '\\u003c')}</script>`
}
