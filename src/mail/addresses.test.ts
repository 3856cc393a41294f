import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normaliseAddress } from './addresses.ts'

describe('normaliseAddress', () => {
  test.each([
    ['ada@customer.example', 'ada@customer.example'],
    ['  Ada@Customer.EXAMPLE\n', 'ada@customer.example'],
    ['ada+trial@customer.example', 'ada+trial@customer.example'],
    ["o'brien_99-x@mail.customer.example", "o'brien_99-x@mail.customer.example"],
    ['a.b.c@x.io', 'a.b.c@x.io'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['ada@ｃustomer．example', 'ada@customer.example'],
    [`${'l'.repeat(64)}@customer.example`, `${'l'.repeat(64)}@customer.example`],
  ])('%j is %s', (typed, address) => {
    expect(normaliseAddress(typed)).toBe(address)
  })

  test.each([
    ['nothing', ''],
    ['no @', 'ada'],
    ['no local part', '@customer.example'],
    ['no domain', 'ada@'],
    ['two @', 'ada@x@customer.example'],
    ['a quoted local part', '"ada x"@customer.example'],
    ['a space', 'ada x@customer.example'],
    ['a line break that would add a header', 'ada@customer.example\nBcc: all@customer.example'],
    ['a line break in the domain', 'ada@customer.exam\nple'],
    ['a tab in the domain', 'ada@customer.exam\tple'],
    ['two dots', 'ada..x@customer.example'],
    ['a leading dot', '.ada@customer.example'],
    ['a domain of one label', 'ada@localhost'],
    ['a trailing dot', 'ada@customer.example.'],
    ['an IPv4 address', 'ada@127.0.0.1'],
    ['an IPv4 address in hexadecimal', 'ada@0x7f.1'],
    ['an address literal', 'ada@[127.0.0.1]'],
    ['a path', 'ada@customer.example/x'],
    ['a query', 'ada@customer.example?x'],
    ['a fragment', 'ada@customer.example#x'],
    ['a backslash', 'ada@customer.example\\x'],
    ['a port', 'ada@customer.example:25'],
    ['an escape', 'ada@customer.ex%61mple'],
    ['a soft hyphen', 'ada@customer.\u00adexample'],
    ['an underscore in the domain', 'ada@cus_tomer.example'],
    ['a label that begins with a hyphen', 'ada@-customer.example'],
    ['a Cyrillic letter in the local part', 'аda@customer.example'],
    ['a full-width letter in the local part', 'ａda@customer.example'],
    ['a letter that lower case takes apart', 'İ@customer.example'],
    ['a list', 'ada@customer.example,eve@customer.example'],
    ['a name with it', 'Ada <ada@customer.example>'],
    ['a local part that is too long', `${'l'.repeat(65)}@customer.example`],
    ['an address that is too long', `ada@${'customer.'.repeat(30)}example`],
  ])('%s is no address', (_what, typed) => {
    expect(normaliseAddress(typed)).toBeNull()
  })

  test('what mail systems commonly accept is accepted, in one form', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        const [local = '', domain = ''] = address.split('@')
        fc.pre(local.length <= 64 && address.length <= 254 && !/(^|\.)..--|xn--/i.test(domain))
        expect(normaliseAddress(address)).toBe(address.toLowerCase())
        expect(normaliseAddress(` ${address.toUpperCase()} `)).toBe(address.toLowerCase())
      }),
    )
  })

  test('normalising twice changes nothing, whatever was typed', () => {
    const pieces = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('a', '@', '.', '-', 'é', 'ß', '。', 'example', 'xn--', '%40', '/', '\t'),
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 10 }), (typed) => {
        const address = normaliseAddress(typed.join(''))
        if (address === null) return
        expect(normaliseAddress(address)).toBe(address)
        expect(address).toMatch(/^[^@\s\p{C}]+@[a-z0-9.-]+$/u)
      }),
      { numRuns: 500 },
    )
  })
})
