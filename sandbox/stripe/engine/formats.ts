import { StripeRefusal } from '../refusal.ts'

const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()))

/** Reads text of which not every one will do, by the `format` of its schema. */
export const formats: Record<string, (value: string, param: string) => string> = {
  currency(value, param) {
    const code = value.toLowerCase()
    if (CURRENCIES.has(code)) return code
    throw new StripeRefusal(
      `Invalid currency: ${code}. Stripe currently supports these currencies: ${[...CURRENCIES].join(', ')}`,
      { param },
    )
  },
  url(value, param) {
    // Checkout fills in {CHECKOUT_SESSION_ID}, wherever it stands.
    const { protocol } = URL.parse(value.replaceAll(/[{}]/g, '')) ?? {}
    if (protocol === 'https:' || protocol === 'http:') return value
    throw new StripeRefusal('Not a valid URL', { code: 'url_invalid', param })
  },
}
