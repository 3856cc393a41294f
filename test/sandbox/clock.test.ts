import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clockFile, openClock } from '../../sandbox/clock.ts'

const YEAR = 365 * 24 * 60 * 60
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'frontgate-clock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the clock', () => {
  test('shows real time until it is moved', () => {
    expectAhead(openClock(folder).now(), 0)
    expect(readdirSync(folder)).toEqual([])
  })

  test('moves by what it is told, and keeps that', () => {
    const clock = openClock(folder)
    clock.advance(15 * 24 * 60 * 60)
    clock.advance(0.25)
    expectAhead(clock.now(), 1_296_000.25)
    expectAhead(openClock(folder).now(), 1_296_000.25)
    expect(openClock(folder).offsetSeconds).toBe(1_296_000.25)
    expect(readdirSync(folder)).toEqual(['clock.json'])
  })

  test('a move too small to be seen is still one forward', () => {
    const clock = openClock(folder)
    clock.advance(1e-9)
    expect(clock.offsetSeconds).toBe(0.001)
  })

  test('goes as far as years are written with four digits', () => {
    const clock = openClock(folder)
    clock.advance(6000 * YEAR)
    expect(clock.now().toISOString()).toMatch(/^80\d\d-/)
    expect(() => clock.advance(6000 * YEAR)).toThrow(RangeError)
    expect(clock.now().toISOString()).toMatch(/^80\d\d-/)
  })

  test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1e15, Number.MAX_VALUE])(
    'does not move by %d seconds',
    (seconds) => {
      const clock = openClock(folder)
      expect(() => clock.advance(seconds)).toThrow(RangeError)
      expect(() => clock.check(seconds)).toThrow(RangeError)
      expect(clock.offsetSeconds).toBe(0)
      expect(readdirSync(folder)).toEqual([])
    },
  )

  test.each(['', 'null', '{', '{"offset_ms":"1"}', '{"offset_ms":-5}', '{"offset_ms":1e300}'])(
    'a file that holds %j is named, not guessed at',
    (content) => {
      writeFileSync(clockFile(folder), content)
      expect(() => openClock(folder)).toThrow(clockFile(folder))
    },
  )
})

function expectAhead(now: Date, seconds: number): void {
  const ahead = now.getTime() - Date.now()
  expect(ahead).toBeGreaterThan(seconds * 1000 - 2000)
  expect(ahead).toBeLessThanOrEqual(seconds * 1000)
}
