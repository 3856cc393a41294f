import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatMoney } from '../../client/src/react/format.ts'
import { money } from '../../sandbox/stripe/pages/words.ts'
import { minorDigits } from '../../src/stripe/minorDigits.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

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
  'in %s, %i is %d to the service, on its page and in products',
  async (currency, minor, amount) => {
    expect(minor / 10 ** minorDigits(currency)).toBe(amount)
    expect(numberIn(formatMoney(minor, currency, 'en'))).toBe(amount)
    expect(numberIn(money(minor, currency))).toBe(amount)
    expect(numberIn(await offerOnPage(currency, minor))).toBe(amount)
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

/** What the page of the service writes on the button for a plan at this price. */
async function offerOnPage(currency: string, month: number): Promise<string> {
  const answers: Record<string, object> = {
    '/v1/auth/refresh': { access_token: 'token' },
    '/v1/billing/state': {
      actions: { checkout: true },
      subscription: {},
      plan_billing: { display_name: 'Free' },
    },
    '/v1/plans': { data: [{ plan: 'pro', display_name: 'Pro', currency, month, year: null }] },
  }
  const { window } = new JSDOM((await t.call('GET', '/billing')).text, {
    url: 'https://frontgate.test/billing',
    runScripts: 'dangerously',
    beforeParse: (page) =>
      Object.assign(page, { fetch: async (path: string) => Response.json(answers[path]) }),
  })
  await expect.poll(() => window.document.querySelector('button')?.textContent).toBeTruthy()
  return window.document.querySelector('button')?.textContent ?? ''
}
