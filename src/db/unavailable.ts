/**
 * A server that we depend on gave no connection, so nothing was done. Callers are told to try again; `code`
 * is the cause's.
 */
export class Unavailable extends Error {
  readonly code: string | undefined
  constructor(what: string, cause: unknown) {
    const { code, message } = cause as { code?: string; message?: string }
    super(`${what} gives no connection: ${message || code}`, { cause })
    this.name = 'Unavailable'
    this.code = code
  }
}
