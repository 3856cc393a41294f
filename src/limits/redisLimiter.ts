import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { Unavailable } from '../db/unavailable.ts'
import type { Limit, Limiter, Verdict } from './limiter.ts'

/**
 * KEYS are hashes { points, ends }; ARGV are: 1 to take or 0 to look, the time, then of each key `most`, the
 * window and the points that are asked for, times in milliseconds. Answers when the last of the limits opens that
 * have too few left, or 0. The caller's clock decides; Redis' own expiry only clears up.
 */
const script = `
local at = tonumber(ARGV[2])
local opens = 0
for i, key in ipairs(KEYS) do
  local row = redis.call('HMGET', key, 'points', 'ends')
  local points, ends = tonumber(row[1] or 0), tonumber(row[2] or 0)
  if ends <= at then points, ends = 0, at + tonumber(ARGV[3 * i + 1]) end
  if points + tonumber(ARGV[3 * i + 2]) > tonumber(ARGV[3 * i]) then opens = math.max(opens, ends) end
end
if opens > 0 or ARGV[1] == '0' then return string.format('%d', opens) end
for i, key in ipairs(KEYS) do
  local window = tonumber(ARGV[3 * i + 1])
  local ends = tonumber(redis.call('HGET', key, 'ends') or 0)
  if ends <= at then
    redis.call('HSET', key, 'points', 0, 'ends', string.format('%d', at + window))
    redis.call('PEXPIRE', key, window)
  end
  redis.call('HINCRBY', key, 'points', ARGV[3 * i + 2])
end
return '0'`

const ANSWER_WITHIN_MS = 2_000

/** Counters in Redis; each call is one script, which Redis runs alone. */
export class RedisLimiter implements Limiter {
  readonly #redis: Redis
  constructor(url: string) {
    this.#redis = new Redis(url, {
      maxRetriesPerRequest: 2,
      connectTimeout: ANSWER_WITHIN_MS,
      commandTimeout: ANSWER_WITHIN_MS,
      // In braces, so that a cluster keeps all keys of a call in one place.
      keyPrefix: '{frontgate:limit}:',
    })
    // Failed commands reject by themselves; without a listener the event would be printed for each attempt.
    this.#redis.on('error', () => undefined)
  }

  take(limits: Limit[], at: Date): Promise<Verdict> {
    return this.#run('1', limits, at)
  }

  peek(limits: Limit[], at: Date): Promise<Verdict> {
    return this.#run('0', limits, at)
  }

  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    await this.#redis.quit().catch(() => this.#redis.disconnect())
  }

  async #run(mode: '0' | '1', limits: Limit[], at: Date): Promise<Verdict> {
    if (limits.length === 0) return { retryAfterSeconds: null }
    const keys = limits.map(({ key }) => createHash('sha256').update(key).digest('base64url'))
    const bounds = limits.flatMap(({ most, windowSeconds, points = 1 }) => [
      most,
      windowSeconds * 1000,
      points,
    ])
    const answer = await this.#redis
      .eval(script, keys.length, ...keys, mode, at.getTime(), ...bounds)
      .catch((cause: unknown) => {
        throw new Unavailable('Redis', cause)
      })
    const opens = Number(answer)
    return { retryAfterSeconds: opens === 0 ? null : (opens - at.getTime()) / 1000 }
  }
}
