import type { FrontgateClient } from '../api/createClient.ts'

/** Tells the time by the service's clock, as far as its tokens show it. */
export interface ServiceClock {
  now: () => Date
  /** Looks at the token in use, and takes the time from it when it is a new one. */
  set: () => Promise<void>
}

/** A token may have been in use for a while when it is first seen here, so less than this is no difference. */
const TOKEN_LIFE_MS = 11 * 60_000

/** A clock that follows the service's where this device's is far off, or where time is moved in a sandbox. */
export function followServiceClock(client: FrontgateClient): ServiceClock {
  let seen: string | null = null
  let offset = 0
  return {
    now: () => new Date(Date.now() + offset),
    async set() {
      const token = await client.accessToken()
      if (token === null || token === seen) return
      seen = token
      const ahead = issuedAt(token) - Date.now()
      offset = Math.abs(ahead) < TOKEN_LIFE_MS ? 0 : ahead
    },
  }
}

/** When a token was issued (RFC 7519, 4.1.6), in milliseconds. */
function issuedAt(token: string): number {
  const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''
  return (JSON.parse(atob(payload)) as { iat: number }).iat * 1000
}
