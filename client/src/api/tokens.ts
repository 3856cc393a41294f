import type { components } from './schema.ts'

/** What the service answers to whoever signs in or stays in. */
export type Tokens = components['schemas']['Tokens']

/** An access token, and since when it lives, on two clocks that both may be wrong about what time it is. */
export interface AccessToken {
  text: string
  lifeMs: number
  /** Of `performance.now()`, which stands still while some devices sleep. */
  since: number
  /** Of `Date.now()`, which jumps when somebody sets it. */
  sinceDate: number
}

/** An instant on both clocks. */
export type Instant = Pick<AccessToken, 'since' | 'sinceDate'>

export const instant = (): Instant => ({ since: performance.now(), sinceDate: Date.now() })

/**
 * How long a token is good for, in milliseconds; what it says itself about when it ends (`exp`) would have to be held
 * against the clock of the device. Of two clocks the one counts by which more time has passed: at worst a token is
 * refreshed early.
 */
export function leftMs({ lifeMs, since, sinceDate }: AccessToken): number {
  return lifeMs - Math.max(performance.now() - since, Date.now() - sinceDate)
}

/** The id of the session that a token is of. What it says is believed, not verified: the service told it. */
export function sessionOf(text: string): string {
  const [, payload = ''] = text.split('.')
  const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { sid: string }
  return claims.sid
}
