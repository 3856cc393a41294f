/** A lock that is held, or the process id of who holds it. */
export type Lock = { release(): void; handTo(pid: number): void; holder?: never } | { holder: number }

/** Takes the lock at `path` unless a living process holds it; of several takers of a free or stale lock one wins. */
export function takeLock(path: string): Lock

/** What tells a running process from a later one with the same number; undefined when it has ended. */
export function identifyProcess(pid: number): string | undefined
