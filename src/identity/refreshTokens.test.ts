import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../config.ts'
import { makeRefreshToken, readRefreshToken } from './refreshTokens.ts'

const secret = new Secret('the-secret-of-this-service-0123456789')
const other = new Secret('the-secret-of-another-one-0123456789')
const tokens = fc.record({ sessionId: fc.uuid(), generation: fc.integer({ min: 1, max: 2 ** 31 - 1 }) })

describe('a refresh token', () => {
  test('says what it was made of, and is made the same each time', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = makeRefreshToken([secret], token)
        expect(readRefreshToken([secret], text)).toEqual(token)
        expect(makeRefreshToken([secret], token)).toBe(text)
        expect(text).toMatch(/^fgr_[\w-]{70}$/)
      }),
    )
  })

  test('is nothing once a single character of it is another', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ']
    fc.assert(
      fc.property(tokens, fc.nat(73), fc.constantFrom(...alphabet), (token, position, character) => {
        const text = makeRefreshToken([secret], token)
        fc.pre(text[position] !== character)
        const changed = text.slice(0, position) + character + text.slice(position + 1)
        expect(readRefreshToken([secret], changed)).toBeNull()
      }),
      { numRuns: 1000 },
    )
  })

  test('of one session or generation is not that of another', () => {
    fc.assert(
      fc.property(tokens, tokens, (one, two) => {
        fc.pre(one.sessionId !== two.sessionId || one.generation !== two.generation)
        expect(makeRefreshToken([secret], one)).not.toBe(makeRefreshToken([secret], two))
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['only the prefix', 'fgr_'],
    ['an access token', 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl'],
    ['too short', `fgr_${Buffer.alloc(51).toString('base64url')}`],
    ['too long', `fgr_${Buffer.alloc(53).toString('base64url')}`],
    ['zeros', `fgr_${Buffer.alloc(52).toString('base64url')}`],
  ])('is not %s', (_what, text) => {
    expect(readRefreshToken([secret], text)).toBeNull()
  })

  test('with spaces around it, or spelt with padding, is not taken', () => {
    const text = makeRefreshToken([secret], {
      sessionId: '019ca000-0000-7000-8000-000000000000',
      generation: 1,
    })
    for (const spelling of [` ${text}`, `${text} `, `${text}=`, `${text}==`, `${text}\n`]) {
      expect(readRefreshToken([secret], spelling)).toBeNull()
    }
  })

  test('lives on while its secret is still listed, and no longer', () => {
    const token = { sessionId: '019ca000-0000-7000-8000-000000000000', generation: 3 }
    const text = makeRefreshToken([secret], token)
    expect(readRefreshToken([other, secret], text)).toEqual(token)
    expect(readRefreshToken([other], text)).toBeNull()
    expect(makeRefreshToken([other, secret], token)).not.toBe(text)
  })

  test('is not made without a secret', () => {
    expect(() =>
      makeRefreshToken([], { sessionId: '019ca000-0000-7000-8000-000000000000', generation: 1 }),
    ).toThrow()
  })
})
