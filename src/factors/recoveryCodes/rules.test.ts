import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CODE_BYTES, codeOf, readCode } from './rules.ts'

const random = fc.uint8Array({ minLength: CODE_BYTES, maxLength: CODE_BYTES })

test('a code is four groups of four letters that are not mistaken for others', () => {
  fc.assert(
    fc.property(random, (bytes) => {
      expect(codeOf(bytes)).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/)
    }),
  )
})

test('it is read however it is typed', () => {
  fc.assert(
    fc.property(random, (bytes) => {
      const code = codeOf(bytes)
      const typed = ` ${code.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')} `
      expect(readCode(typed)).toBe(code)
    }),
  )
})

test.each(['', '0000-0000-0000-000', '0000-0000-0000-00000', 'uuuu-0000-0000-0000', '٠٠٠٠-0000-0000-0000'])(
  '%j is none',
  (typed) => expect(readCode(typed)).toBeNull(),
)
