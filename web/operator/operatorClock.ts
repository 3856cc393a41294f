/** A token may have been in use for a while when it is first seen here, so less than this is no difference. */
const TOKEN_LIFE_MS = 11 * 60_000

let seen = ''
let offset = 0

/** The service's time, as far as its tokens show it: this device's may be far off, and in a sandbox time is moved. */
export function serviceTime(): Date {
  return new Date(Date.now() + offset)
}

/** Takes the time from the token that a call carries, where it is a new one. */
export function setByToken(authorization: string | null): void {
  if (authorization === null || authorization === seen) return
  seen = authorization
  const ahead = issuedAt(authorization) - Date.now()
  offset = Math.abs(ahead) < TOKEN_LIFE_MS ? 0 : ahead
}

/** When a token was issued (RFC 7519, 4.1.6), in milliseconds. */
function issuedAt(token: string): number {
  const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''
  return (JSON.parse(atob(payload)) as { iat: number }).iat * 1000
}
