const UNIQUE_VIOLATION = '23505'
/** What a standby answers to whoever wants to write. */
export const READ_ONLY = '25006'

/** Whether a statement failed because another row has what this unique index allows once. */
export function isUniqueViolation(error: unknown, index: string): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string }
  return code === UNIQUE_VIOLATION && constraint === index
}

// A server that shuts down, crashes or starts, one that is no longer the primary, one that has no more connections, and
// whatever a pooler says in its own name.
const SQLSTATES = /^(08...|57P0[1-3]|25006|53300)$/
const SYSTEM_ERROR = /^E[A-Z]{3,}$/
const LIBRARY_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout)/

/** Whether a statement failed because of its connection, not of what it says: on another one it may succeed. */
export function isOfTheConnection(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return SQLSTATES.test(code) || SYSTEM_ERROR.test(code) || LIBRARY_WORDS.test(message)
}
