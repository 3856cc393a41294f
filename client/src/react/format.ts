import type { components } from '../api/schema.ts'
import type { Language } from './words.ts'

type Limit = components['schemas']['Plan']['limits'][string]

/** As amounts are at Stripe, which is neither what ISO 4217 nor what ICU says. https://docs.stripe.com/currencies#zero-decimal */
const WITHOUT_DIGITS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
const WITH_THREE_DIGITS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND'])

/** An amount in minor units as people write it: `2900`, `usd` is `$29`, `2900`, `jpy` is `¥2,900`. */
export function formatMoney(minor: number, currency: string, locale: string): string {
  const code = currency.toUpperCase()
  const digits = WITHOUT_DIGITS.has(code) ? 0 : WITH_THREE_DIGITS.has(code) ? 3 : 2
  const isWhole = minor % 10 ** digits === 0
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: code,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: isWhole ? 0 : digits,
    maximumFractionDigits: digits,
  }).format(minor / 10 ** digits)
}

/** What a year costs less than twelve months, as a share of these, rounded down to whole percents; 0 where it does not. */
export function yearlySaving({ month, year }: { month: number | null; year: number | null }): number {
  if (!month || year === null) return 0
  return Math.max(0, Math.floor((100 * (12 * month - year)) / (12 * month)) / 100)
}

/** A share like 0.16 as `16%`. */
export function formatShare(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(share)
}

/** An instant as a date, with the time only where it is less than a day away. */
export function formatDate(instant: string, at: Date, locale: string): string {
  const date = new Date(instant)
  const isNear = Math.abs(date.getTime() - at.getTime()) < 86_400_000
  return new Intl.DateTimeFormat(locale, {
    dateStyle: isNear ? 'medium' : 'long',
    ...(isNear && { timeStyle: 'short' }),
  }).format(date)
}

/** A wait in seconds as people say it, rounded up: `40 seconds`, `12 minutes`, `2 hours`. */
export function formatWait(seconds: number, locale: string): string {
  const [amount, unit] =
    seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour']
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.ceil(amount))
}

/** What a limit allows, in words. */
export function formatLimit(limit: Limit, { words, locale }: Language): string {
  const { amount, per } = typeof limit === 'object' && limit !== null ? limit : { amount: limit, per: null }
  if (amount === null) return words.unlimited
  if (amount === 0) return words.none
  const written = new Intl.NumberFormat(locale).format(amount)
  return per ? words.aMonth(written) : written
}

/** The name of a feature or limit where the product gives no label: `kb_conversions` is `Kb conversions`. */
export function nameInWords(name: string): string {
  const spaced = name.replaceAll(/[_-]+/g, ' ').trim()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** Up to two letters that stand for somebody. */
export function initialsOf(name: string): string {
  const parts = name.split(/[\s@._-]+/).filter(Boolean)
  return parts
    .slice(0, 2)
    .map((part) => [...part][0]?.toUpperCase() ?? '')
    .join('')
}
