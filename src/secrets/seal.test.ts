import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../config.ts'
import { seal, unseal } from './seal.ts'

const secret = new Secret('the-secret-of-this-service-0123456789')
const other = new Secret('the-secret-of-another-one-0123456789')
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))

describe('what is sealed', () => {
  test('opens with the same secret for the same context, and reads nothing like what went in', () => {
    fc.assert(
      fc.property(bytes, fc.string(), (plain, context) => {
        const sealed = seal([secret], context, plain)
        expect(unseal([secret], context, sealed)).toEqual(plain)
        if (plain.length >= 8) expect(sealed.includes(plain)).toBe(false)
        expect(seal([secret], context, plain)).not.toEqual(sealed)
      }),
    )
  })

  test('does not open for another context or secret', () => {
    const sealed = seal([secret], 'key 1', Buffer.from('private'))
    expect(() => unseal([secret], 'key 2', sealed)).toThrow(/key 2/)
    expect(() => unseal([other], 'key 1', sealed)).toThrow(/SECRET/)
    expect(() => unseal([], 'key 1', sealed)).toThrow()
  })

  test('does not open once a bit of it is another, or when it was cut', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), (plain, position, bit) => {
        const sealed = seal([secret], 'key', plain)
        const changed = Buffer.from(sealed)
        const at = position % changed.length
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(() => unseal([secret], 'key', changed)).toThrow()
        expect(() => unseal([secret], 'key', sealed.subarray(0, at))).toThrow()
      }),
    )
  })

  test('opens after a new secret was put in front', () => {
    const sealed = seal([secret], 'key', Buffer.from('private'))
    expect(unseal([other, secret], 'key', sealed).toString()).toBe('private')
    expect(() => seal([], 'key', Buffer.from('private'))).toThrow()
  })
})
