import { SessionChanged } from './problem.ts'
import { unlessAborted } from './unlessAborted.ts'

/** Who calls are made as. */
export interface TokenKeeper {
  readonly caller: string | null
  readonly tokenAtHand: string | null
  /** A token that is good for a while and is not the one that was refused; null when nobody is signed in. */
  token(refused?: string): Promise<string | null>
}

interface Call {
  request: Request
  send: (request: Request) => Promise<Response>
  /** Anybody may call it: no token is waited for, one at hand goes along. */
  isOpen?: boolean
  /** What to send instead of a token that was refused. Default: what the keeper gives. */
  newer?: (refused: string) => Promise<string | null>
  /** Whether the body can be sent twice. */
  isRepeatable?: boolean
}

/**
 * Sends a call as whoever is signed in. Where the token is refused after all (its session was changed, the device slept)
 * it is refreshed, and the call made once more.
 */
export async function sendAuthorized(
  keeper: TokenKeeper,
  { request, send, isOpen = false, newer = (refused) => keeper.token(refused), isRepeatable = true }: Call,
): Promise<Response> {
  if (request.headers.has('authorization')) return send(request)
  const { caller } = keeper
  const token = isOpen ? keeper.tokenAtHand : await unlessAborted(request.signal, keeper.token())
  if (!isOpen && caller !== null && caller !== keeper.caller) throw new SessionChanged()
  if (token === null) return send(request)
  const calledAs = keeper.caller
  const again = isRepeatable ? request.clone() : null
  request.headers.set('authorization', `Bearer ${token}`)
  const response = await send(request)
  if (!again || !(await saysTokenIsRefused(response))) return response
  const next = await unlessAborted(again.signal, newer(token))
  if (next === null) return response
  if (calledAs !== keeper.caller) throw new SessionChanged()
  void response.body?.cancel()
  again.headers.set('authorization', `Bearer ${next}`)
  return send(again)
}

/** As RFC 6750 says it; where a page of another origin may not read that header, the problem does. */
async function saysTokenIsRefused(response: Response): Promise<boolean> {
  if (response.status !== 401) return false
  if (/error="invalid_token"/.test(response.headers.get('www-authenticate') ?? '')) return true
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return false
  const { code } = (await response.clone().json()) as { code?: string }
  return code === 'unauthenticated' || code === 'session-expired'
}
