import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Limit, Limiter } from '../../src/limits/limiter.ts'

/** Two limiters that count in one place, as two processes do. */
export interface Replicas {
  one: Limiter
  other: Limiter
  stop: () => Promise<void>
}

const at = (seconds: number) => new Date(Date.UTC(2030, 0, 1) + seconds * 1000)
const limit = (most: number, windowSeconds = 60, key: string = randomUUID()): Limit => ({
  key,
  most,
  windowSeconds,
})
const PASSES = { retryAfterSeconds: null }

const sum = (points: number[]) => points.reduce((total, each) => total + each, 0)

/** What every limiter does, wherever it counts. */
export function describeLimiter(start: () => Promise<Replicas>): void {
  let replicas: Replicas
  let limiter: Limiter
  beforeAll(async () => {
    replicas = await start()
    limiter = replicas.one
  })
  afterAll(() => replicas.stop())

  describe('take', () => {
    test.for([1, 2, 10])('passes %i times and no more', async (most, { expect }) => {
      const only = [limit(most)]
      for (let i = 0; i < most; i++) expect(await limiter.take(only, at(0))).toEqual(PASSES)
      for (let i = 0; i < 3; i++) expect(await limiter.take(only, at(0))).toEqual({ retryAfterSeconds: 60 })
    })

    test('says in how many seconds the window ends, and opens at that instant', async () => {
      const only = [limit(1, 60)]
      await limiter.take(only, at(0))
      expect(await limiter.take(only, at(12.5))).toEqual({ retryAfterSeconds: 47.5 })
      expect(await limiter.take(only, at(59.999))).toEqual({ retryAfterSeconds: 0.001 })
      expect(await limiter.take(only, at(60))).toEqual(PASSES)
      expect(await limiter.take(only, at(60))).toEqual({ retryAfterSeconds: 60 })
    })

    test('begins the window with its first point; neither later points nor refusals move it', async () => {
      const only = [limit(2, 60)]
      await limiter.take(only, at(0))
      await limiter.take(only, at(50))
      expect(await limiter.take(only, at(55))).toEqual({ retryAfterSeconds: 5 })
      expect(await limiter.take(only, at(60))).toEqual(PASSES)
      expect(await limiter.take(only, at(60))).toEqual(PASSES)
      expect(await limiter.take(only, at(60))).toEqual({ retryAfterSeconds: 60 })
    })

    test('counts each key for itself', async () => {
      const [mine, yours] = [limit(1), limit(1)]
      expect(await limiter.take([mine], at(0))).toEqual(PASSES)
      expect(await limiter.take([yours], at(0))).toEqual(PASSES)
    })

    test('of several limits takes nothing when one is reached, in whichever order they are named', async () => {
      const [narrow, wide] = [limit(1), limit(3)]
      expect(await limiter.take([narrow, wide], at(0))).toEqual(PASSES)
      for (const both of [
        [narrow, wide],
        [wide, narrow],
      ])
        expect(await limiter.take(both, at(1))).toEqual({ retryAfterSeconds: 59 })
      expect(await limiter.take([wide], at(1))).toEqual(PASSES)
      expect(await limiter.take([wide], at(1))).toEqual(PASSES)
      expect(await limiter.take([wide], at(1))).toEqual({ retryAfterSeconds: 59 })
    })

    test('of several reached limits names the one that opens last', async () => {
      const [minute, hour] = [limit(1, 60), limit(1, 3600)]
      await limiter.take([minute, hour], at(0))
      expect(await limiter.take([minute, hour], at(10))).toEqual({ retryAfterSeconds: 3590 })
      expect(await limiter.take([hour, minute], at(10))).toEqual({ retryAfterSeconds: 3590 })
    })

    test('of several points takes all or none, and begins no window with what it refuses', async () => {
      const [only, other] = [limit(10), limit(10)]
      expect(await limiter.take([{ ...other, points: 11 }], at(-30))).toEqual({ retryAfterSeconds: 60 })
      expect(await limiter.take([{ ...only, points: 7 }, other], at(0))).toEqual(PASSES)
      for (const refused of [4, 10, 11])
        expect(await limiter.take([other, { ...only, points: refused }], at(20))).toEqual({
          retryAfterSeconds: 40,
        })
      expect(await limiter.take([{ ...only, points: 3 }], at(20))).toEqual(PASSES)
      expect(await limiter.take([only], at(20))).toEqual({ retryAfterSeconds: 40 })
      expect(await limiter.take([{ ...other, points: 9 }], at(20))).toEqual(PASSES)
      expect(await limiter.take([other], at(20))).toEqual({ retryAfterSeconds: 40 })
      expect(await limiter.take([{ ...only, points: 10 }], at(60))).toEqual(PASSES)
    })

    test('without limits always passes', async () => {
      expect(await limiter.take([], at(0))).toEqual(PASSES)
      expect(await limiter.peek([], at(0))).toEqual(PASSES)
    })

    test('is exact to the millisecond in a far future, where a sandbox’s clock may be', async () => {
      const [only, future] = [[limit(1, 0.5)], Date.UTC(8999, 11, 31, 23, 59, 59, 123)]
      await limiter.take(only, new Date(future))
      expect(await limiter.take(only, new Date(future + 1))).toEqual({ retryAfterSeconds: 0.499 })
    })
  })

  describe('peek', () => {
    test('says what take would say, and takes nothing', async () => {
      const only = [limit(1)]
      for (let i = 0; i < 3; i++) expect(await limiter.peek(only, at(0))).toEqual(PASSES)
      await limiter.take(only, at(0))
      expect(await limiter.peek(only, at(20))).toEqual({ retryAfterSeconds: 40 })
      expect(await limiter.peek(only, at(60))).toEqual(PASSES)
      expect(await limiter.take(only, at(60))).toEqual(PASSES)
    })

    test('asks for several points as take does', async () => {
      const only = limit(5)
      expect(await limiter.peek([{ ...only, points: 6 }], at(0))).toEqual({ retryAfterSeconds: 60 })
      await limiter.take([{ ...only, points: 3 }], at(0))
      expect(await limiter.peek([{ ...only, points: 2 }], at(20))).toEqual(PASSES)
      expect(await limiter.peek([{ ...only, points: 3 }], at(20))).toEqual({ retryAfterSeconds: 40 })
    })
  })

  describe('many at once, in two processes', () => {
    const inParallel = (count: number, limits: Limit[]) =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          (i % 2 === 0 ? replicas.one : replicas.other).take(limits, at(0)),
        ),
      )
    const passed = (verdicts: { retryAfterSeconds: number | null }[]) =>
      verdicts.filter(({ retryAfterSeconds }) => retryAfterSeconds === null).length

    test('pass exactly as often as one after another', async () => {
      expect(passed(await inParallel(200, [limit(17)]))).toBe(17)
    })

    test('pass exactly as often when a window has just ended', async () => {
      const only = limit(5)
      await limiter.take([only], at(-60))
      expect(passed(await inParallel(100, [only]))).toBe(5)
    })

    test('that ask for several points pass until too few are left, and leave those that are', async () => {
      const only = limit(100)
      expect(passed(await inParallel(40, [{ ...only, points: 9 }]))).toBe(11)
      expect(passed(await inParallel(10, [only]))).toBe(1)
    })

    test('fill a limit together, however much they ask for', async () => {
      const only = limit(100)
      const asked = [90, 60, 5, 5, 20, 40, 10]
      const verdicts = await Promise.all(
        asked.map((points, i) => (i % 2 ? replicas.one : replicas.other).take([{ ...only, points }], at(0))),
      )
      const left = 100 - sum(asked.filter((_points, i) => verdicts[i]?.retryAfterSeconds === null))
      expect(left).toBeGreaterThanOrEqual(0)
      // Nobody was refused who would fit beside those that passed.
      for (const [i, points] of asked.entries())
        if (verdicts[i]?.retryAfterSeconds !== null) expect(points).toBeGreaterThan(left)
      expect(passed(await inParallel(20, [only]))).toBe(Math.min(20, left))
    })

    test('use up of the wider limit only what passed', async () => {
      const [narrow, wide] = [limit(5), limit(100)]
      expect(passed(await inParallel(60, [narrow, wide]))).toBe(5)
      expect(passed(await inParallel(120, [wide]))).toBe(95)
    })

    test('that name the same limits in different orders do not wait for each other', async () => {
      const limits = Array.from({ length: 6 }, () => limit(1000))
      const verdicts = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          replicas.one.take(i % 2 === 0 ? limits : limits.toReversed(), at(0)),
        ),
      )
      expect(passed(verdicts)).toBe(100)
    })
  })

  describe('sweep', () => {
    test('leaves windows that are open', async () => {
      const [over, open] = [limit(1, 60), limit(1, 120)]
      await limiter.take([over, open], at(0))
      await limiter.sweep(at(60))
      expect(await limiter.peek([open], at(60))).toEqual({ retryAfterSeconds: 60 })
      expect(await limiter.peek([over], at(60))).toEqual(PASSES)
    })
  })
}
