import type { App } from '../../app.ts'
import { Unavailable } from '../../db/unavailable.ts'
import type { ProviderName } from '../../oidc/rules.ts'
import { Problem, problem } from '../../problems.ts'

/** What a flow is to come back with, also where it comes to nothing. */
export interface WayBack {
  provider: ProviderName
  returnTo: string | null
  inviteToken: string | null
}

/** The redirect URI of a provider: each has its own, so that an answer of one is no answer of the other. */
export function callbackOf({ config }: Pick<App, 'config'>, provider: ProviderName): URL {
  return new URL(`/v1/auth/oauth/${provider}/callback`, config.publicUrl)
}

/** The sign-in page, told what went wrong and what to take up again. An invite that opens nothing is left behind. */
export function signInPage({ code }: Problem, { provider, returnTo, inviteToken }: WayBack): string {
  const isVoid = code.startsWith('token-') || code === 'invite-for-another-address'
  const query = new URLSearchParams({
    error: code,
    provider,
    ...(returnTo !== null && { return_to: returnTo }),
    ...(inviteToken !== null && !isVoid && { invite_token: inviteToken }),
  })
  return `/sign-in?${query}`
}

/** What is known to go wrong; everything else is for the server to explain. */
export function refusalOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Unavailable) return problem('overloaded', undefined, { retryAfterSeconds: 5 })
  throw error
}
