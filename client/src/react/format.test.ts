import { expect, test } from 'vitest'
import { formatDate, formatLimit, formatMoney, formatWait, nameInWords, yearlySaving } from './format.ts'
import { chooseLanguage } from './words.ts'

test.each([
  [2900, 'usd', 'en', '$29'],
  [2950, 'usd', 'en', '$29.50'],
  [2900, 'eur', 'de', '29 €'],
  [2900, 'jpy', 'en', '¥2,900'],
  [1500, 'kwd', 'en', 'KWD 1.500'],
  // Stripe counts these otherwise than ISO 4217 does.
  [290000, 'ugx', 'en', 'UGX 2,900'],
  [290000, 'isk', 'en', 'kr 2,900'],
  [2900, 'mga', 'en', 'Ar 2,900'],
  [290000, 'huf', 'en', 'Ft 2,900'],
  [290050, 'huf', 'en', 'Ft 2,900.50'],
])('%i of %s in %s is %s', (minor, currency, locale, written) => {
  expect(formatMoney(minor, currency, locale).replaceAll(/\s/g, ' ')).toBe(written)
})

test('a saving is never promised larger than it is', () => {
  expect(yearlySaving({ month: 2900, year: 29000 })).toBe(0.16)
  expect(yearlySaving({ month: 1000, year: 12000 })).toBe(0)
  expect(yearlySaving({ month: 1000, year: 13000 })).toBe(0)
  expect(yearlySaving({ month: 0, year: 0 })).toBe(0)
  expect(yearlySaving({ month: 1000, year: null })).toBe(0)
})

test('limits, waits and names in words', () => {
  const english = chooseLanguage(['en'])
  expect(formatLimit(1000, english)).toBe('1,000')
  expect(formatLimit(null, english)).toBe('Unlimited')
  expect(formatLimit({ per: 'month', amount: 50 }, chooseLanguage(['de']))).toBe('50 im Monat')
  expect(formatLimit({ per: 'month', amount: null }, english)).toBe('Unlimited')
  expect(formatLimit({ per: 'month', amount: 0 }, english)).toBe('None')
  expect(formatWait(1, 'en')).toBe('1 second')
  expect(formatWait(601, 'en')).toBe('11 minutes')
  expect(formatWait(7200, 'de')).toBe('2 Stunden')
  expect(nameInWords('kb_conversions')).toBe('Kb conversions')
})

test('an instant has its time only where it is near', () => {
  const at = new Date('2030-01-10T12:00:00Z')
  expect(formatDate('2030-01-20T12:00:00Z', at, 'en')).toBe('January 20, 2030')
  expect(formatDate('2030-01-10T20:00:00Z', at, 'en')).toMatch(/^Jan 1[01], 2030, \d+:00/)
})

test('the first language that there are words in is spoken', () => {
  expect(chooseLanguage(['fr-FR', 'de-CH', 'en']).locale).toBe('de-CH')
  expect(chooseLanguage(['ja']).locale).toBe('en')
  expect(chooseLanguage(['en-GB']).words.signOut).toBe('Sign out')
})
