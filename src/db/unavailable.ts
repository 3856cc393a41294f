/**
 * A server that we depend on did not take what was asked of it, so nothing was done: the caller may try again.
 * `code` is the cause's.
 */
export class Unavailable extends Error {
  readonly code: string | undefined
  constructor(what: string, cause: unknown) {
    const { code, message } = cause as { code?: string; message?: string }
    super(`${what} is unavailable: ${message || code}`, { cause })
    this.name = 'Unavailable'
    this.code = code
  }
}
