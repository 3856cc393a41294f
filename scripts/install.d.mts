/** A failure to explain to the person at the terminal, without a stack. */
export class LaunchError extends Error {
  exitCode: number
}

/** Leaves node_modules as package-lock.json says, installing when it is missing or stale; `part` is `all` or `production`. */
export function ensureInstalled(root: string, part: 'all' | 'production'): Promise<void>
