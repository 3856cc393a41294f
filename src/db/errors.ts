const UNIQUE_VIOLATION = '23505'

/** Whether a statement failed because another row has what this unique index allows once. */
export function isUniqueViolation(error: unknown, index: string): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string }
  return code === UNIQUE_VIOLATION && constraint === index
}
