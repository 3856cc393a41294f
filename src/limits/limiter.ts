import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import { PostgresLimiter } from './postgresLimiter.ts'

/** At most `most` points in any window that begins with the first of them. */
export interface Limit {
  /** What is limited and for whom; only its hash is stored. */
  key: string
  most: number
  windowSeconds: number
  /** How many are asked for at once, all of them or none; more than `most` never pass. */
  points?: number
}

/** `retryAfterSeconds` is set when a limit has too few points left, and says when it opens again. */
export interface Verdict {
  retryAfterSeconds: number | null
}

/** Counts per key, shared by all replicas. Time is the caller's, so that a moved clock opens windows. */
export interface Limiter {
  /** Takes the points of each limit, or none at all when one of them has too few left; never more under parallel calls. */
  take(limits: Limit[], at: Date, db?: Db): Promise<Verdict>
  /** Says what `take` would say, and takes nothing. */
  peek(limits: Limit[], at: Date, db?: Db): Promise<Verdict>
  /** Forgets counters whose window is over. */
  sweep(at: Date): Promise<void>
  close(): Promise<void>
}

/** PostgreSQL, or Redis where REDIS_URL names one. */
export function openLimiter(config: Pick<Config, 'redisUrl'>, db: Db): Limiter {
  if (!config.redisUrl) return new PostgresLimiter(db)
  const url = config.redisUrl.reveal()
  let opened: Promise<Limiter> | undefined
  // Loaded only where it is used: a client for a server that most deployments do not have.
  const redis = () =>
    (opened ??= import('./redisLimiter.ts').then(({ RedisLimiter }) => new RedisLimiter(url)))
  return {
    take: async (limits, at) => (await redis()).take(limits, at),
    peek: async (limits, at) => (await redis()).peek(limits, at),
    sweep: async () => undefined,
    close: async () => (await opened)?.close(),
  }
}
