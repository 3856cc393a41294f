const zero = 'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'
const three = 'bhd jod kwd omr tnd'

/**
 * Currencies whose amounts at Stripe have another number of decimal digits than two. Neither ISO 4217 nor ICU says the same:
 * ISK and UGX have two here, though there are no such coins. https://docs.stripe.com/currencies#zero-decimal
 */
const UNUSUAL_DIGITS: Readonly<Record<string, number>> = Object.fromEntries([
  ...zero.split(' ').map((currency) => [currency, 0]),
  ...three.split(' ').map((currency) => [currency, 3]),
])

/** How many decimal digits amounts in this currency have at Stripe: 2900 of `usd` are 29.00. */
export function minorDigits(currency: string): number {
  return UNUSUAL_DIGITS[currency.toLowerCase()] ?? 2
}
