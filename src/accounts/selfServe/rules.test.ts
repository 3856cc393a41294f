import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketOf, maySelfServe, tellsVisitorsApart } from './rules.ts'

const nobody = { email: null, bucket: null }

describe('whether somebody may create an account', () => {
  const domains = ['customer.example', 'xn--bcher-kva.example']
  test.for([
    ['everybody may, where strangers may', null, nobody, true],
    [
      'nobody, where nothing is opened',
      { domains: [], share: 0 },
      { email: 'a@b.example', bucket: 0 },
      false,
    ],
    ['at an opened domain', { domains, share: 0 }, { email: 'ada@customer.example', bucket: null }, true],
    [
      'at one in letters of its own',
      { domains, share: 0 },
      { email: 'a@xn--bcher-kva.example', bucket: null },
      true,
    ],
    ['not below it', { domains, share: 0 }, { email: 'a@eu.customer.example', bucket: null }, false],
    [
      'nor where it is but the end',
      { domains, share: 0 },
      { email: 'a@mycustomer.example', bucket: null },
      false,
    ],
    [
      'nor in front of the @',
      { domains, share: 0 },
      { email: 'customer.example@evil.example', bucket: null },
      false,
    ],
    ['nor without an address', { domains, share: 0 }, nobody, false],
    ['in the share', { domains: [], share: 20 }, { email: null, bucket: 19.99 }, true],
    ['not at its end', { domains: [], share: 20 }, { email: null, bucket: 20 }, false],
    ['nor unmarked', { domains: [], share: 99 }, { email: 'a@b.example', bucket: null }, false],
    ['in a share of all, marked or not', { domains: [], share: 100 }, nobody, true],
  ] as const)('%s', ([, openings, who, expected], { expect }) => {
    expect(maySelfServe(openings, who)).toBe(expected)
  })

  test('a larger share lets in everybody whom the smaller one did', () => {
    const share = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(share, share, fc.string(), (one, other, id) => {
        const bucket = bucketOf(hash(id))
        const may = (share: number) => maySelfServe({ domains: [], share }, { email: null, bucket })
        if (may(Math.min(one, other))) expect(may(Math.max(one, other))).toBe(true)
      }),
    )
  })
})

describe('where a visitor is among a hundred', () => {
  test('is from 0 to under 100, whatever the hash', () => {
    expect(bucketOf(new Uint8Array(32))).toBe(0)
    expect(bucketOf(new Uint8Array(32).fill(255))).toBeLessThan(100)
    expect(bucketOf(new Uint8Array(32).fill(255))).toBeGreaterThan(99.99)
    expect(bucketOf(Uint8Array.of(128, 0, 0, 0))).toBe(50)
  })

  test('is as even as a share promises', () => {
    const ids = Array.from({ length: 10_000 }, (_none, i) => `visitor ${i}`)
    const inTenth = ids.filter((id) => bucketOf(hash(id)) < 10).length
    expect(inTenth).toBeGreaterThan(900)
    expect(inTenth).toBeLessThan(1100)
  })
})

test('browsers are marked only while it matters who they are', () => {
  const apart = [0, 1, 99, 100].map((share) => tellsVisitorsApart({ domains: ['a.example'], share }))
  expect(apart).toEqual([false, true, true, false])
  expect(tellsVisitorsApart(null)).toBe(false)
})

const hash = (id: string) => createHash('sha256').update(id).digest()
