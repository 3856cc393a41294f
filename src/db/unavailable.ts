/**
 * A server that we depend on did not take what was asked of it, or went away over it: the caller may try again. `code` is
 * the cause's.
 */
export class Unavailable extends Error {
  readonly code: string | undefined
  /** Whether what was asked may have been done, only the answer is missing; otherwise nothing was done. */
  mayBeDone: boolean
  constructor(what: string, cause: unknown, { mayBeDone = false } = {}) {
    const { code, message } = cause as { code?: string; message?: string }
    super(`${what} is unavailable: ${message || code}`, { cause })
    this.name = 'Unavailable'
    this.code = code
    this.mayBeDone = mayBeDone
  }
}
