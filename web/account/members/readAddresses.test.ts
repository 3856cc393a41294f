import { describe, expect, it } from 'vitest'
import { readAddresses } from './readAddresses.ts'

const addresses = (text: string) => readAddresses(text).map(({ email }) => email)

describe('addresses as people paste them', () => {
  it.each([
    ['nothing', ' \n ,; ', []],
    ['lines, commas and semicolons', 'a@x.example\r\nb@x.example, c@x.example;d@x.example', 'abcd'],
    ['blanks and tabs', 'a@x.example b@x.example\tc@x.example', 'abc'],
    ['names', 'Ada Lovelace <a@x.example>, <b@x.example>', 'ab'],
    ['names with commas, in quotes', '"Lovelace, Ada" <a@x.example>, b@x.example', 'ab'],
    ['a quote that is never closed', '"Ada <a@x.example>, b@x.example', 'ab'],
  ])('reads %s', (_what, text, expected) => {
    expect(addresses(text)).toEqual([...expected].map((letter) => `${letter}@x.example`))
  })

  it('keeps what is none, as it was written', () => {
    expect(readAddresses('Grace Hopper, Bob <b@x.example>')).toEqual([
      { written: 'Grace Hopper', email: 'Grace Hopper' },
      { written: 'Bob <b@x.example>', email: 'b@x.example' },
    ])
  })
})
