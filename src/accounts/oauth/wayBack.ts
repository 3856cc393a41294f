import type { App } from '../../app.ts'
import { Unavailable } from '../../db/unavailable.ts'
import type { ProviderName } from '../../oidc/rules.ts'
import { Problem, problem } from '../../problems.ts'

/** What a flow is to come back with, also where it comes to nothing. */
export interface WayBack {
  provider: ProviderName
  intent: 'sign-in' | 'link'
  returnTo: string | null
  inviteToken: string | null
}

/** The redirect URI of a provider: each has its own, so that an answer of one is no answer of the other. */
export function callbackOf({ config }: Pick<App, 'config'>, provider: ProviderName): URL {
  return new URL(`/v1/auth/oauth/${provider}/callback`, config.publicUrl)
}

/** What somebody who is signed in must do first, to link: the others of the refusals they read in their account. */
const takesSignIn = ['unauthenticated', 'session-expired', 'recent-sign-in-required']

/**
 * The page that is told what went wrong and what to take up again: sign-in, or the account for somebody who came to link
 * and is signed in, so that no second user is made. An invite that lets nobody in is left behind.
 */
export function pageFor({ code }: Problem, { provider, intent, returnTo, inviteToken }: WayBack): string {
  const isVoid =
    code.startsWith('token-') || ['invite-for-another-address', 'seat-limit-reached'].includes(code)
  const query = new URLSearchParams({
    error: code,
    provider,
    ...(returnTo !== null && { return_to: returnTo }),
    ...(inviteToken !== null && !isVoid && { invite_token: inviteToken }),
  })
  const page = intent === 'link' && !takesSignIn.includes(code) ? '/account' : '/sign-in'
  return `${page}?${query}`
}

/** What is known to go wrong; everything else is for the server to explain. */
export function refusalOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Unavailable) return problem('overloaded', undefined, { retryAfterSeconds: 5 })
  throw error
}
