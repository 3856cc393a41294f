import type { Config } from '../config.ts'
import type { Log } from '../http/log.ts'
import { type Verdict, verdictOf } from './rules.ts'

export interface Turnstile {
  /** What Cloudflare says of the token that a widget gave a browser. Asks over the network, for seconds at most; never throws. */
  check(token: string, ip: string | null): Promise<Verdict>
}

type Settings = Pick<Config, 'turnstileSecretKey' | 'turnstileVerifyUrl'>

const TIMEOUT_MS = 5000
const SERVER_FAULT = 500

/** Cloudflare Turnstile, or null where there is no key. */
export function openTurnstile(
  { turnstileSecretKey: secretKey, turnstileVerifyUrl: url }: Settings,
  { fetch, log }: { fetch: typeof globalThis.fetch; log: Log },
): Turnstile | null {
  if (!secretKey) return null
  return {
    async check(token, ip) {
      const secret = secretKey.reveal()
      const body = new URLSearchParams({ secret, response: token, ...(ip !== null && { remoteip: ip }) })
      try {
        const reply = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS) })
        if (reply.status >= SERVER_FAULT) throw new Error(`It answered ${reply.status}`)
        const answer: unknown = await reply.json()
        const verdict = verdictOf(answer)
        if (verdict === 'unavailable') throw new Error(`It answered ${codesOf(answer)}`)
        return verdict
      } catch (error) {
        log.warn({ error }, 'Turnstile did not say whether a challenge was passed; who brought it was let in')
        return 'unavailable'
      }
    },
  }
}

/** Words of Cloudflare's own. */
function codesOf(answer: unknown): string {
  const codes = (Object(answer) as Record<string, unknown>)['error-codes']
  const known = Array.isArray(codes) ? codes.filter((code) => /^[a-z-]{1,40}$/.test(String(code))) : []
  return known.join(', ') || 'something else'
}
