import { expect, test } from 'vitest'
import { formatMoney } from '../../client/src/react/format.ts'
import { money } from '../../sandbox/stripe/pages/words.ts'
import { minorDigits } from '../../src/stripe/minorDigits.ts'

const numberIn = (text: string) => Number(/\d[\d,]*(?:\.\d+)?/.exec(text)?.[0].replaceAll(',', ''))

// Of each kind, and such as ICU, ISO 4217 and Stripe do not agree on.
const amounts: [currency: string, minor: number, amount: number][] = [
  ['usd', 2950, 29.5],
  ['usd', 2900, 29],
  ...['huf', 'cop', 'idr', 'pkr', 'isk', 'ugx', 'twd'].map((currency): [string, number, number] => [
    currency,
    290_000,
    2900,
  ]),
  ['jpy', 2900, 2900],
  ['mga', 2900, 2900],
  ['kwd', 1500, 1.5],
]

test.each(amounts)(
  'in %s, %i is %d to the service, on its pages and in products',
  (currency, minor, amount) => {
    expect(minor / 10 ** minorDigits(currency)).toBe(amount)
    expect(numberIn(formatMoney(minor, currency, 'en'))).toBe(amount)
    expect(numberIn(money(minor, currency))).toBe(amount)
  },
)

test('no currency is read otherwise by the service than by products', () => {
  for (const currency of Intl.supportedValuesOf('currency')) {
    // One more than whole, so that every digit is written.
    const amount = 10 ** minorDigits(currency) + 1
    expect([currency, numberIn(formatMoney(amount, currency, 'en'))]).toEqual([
      currency,
      amount / 10 ** minorDigits(currency),
    ])
  }
})
