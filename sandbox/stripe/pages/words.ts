import { minorDigits } from '../../../src/stripe/minorDigits.ts'
import type { Price, Subscription } from '../billing/shapes.ts'

/** An amount in the smallest unit of its currency, as people write it: `$29.00`. */
export function money(amount: number, currency: string): string {
  if (!/^[a-z]{3}$/i.test(currency)) return `${amount / 100} ${currency}`
  const digits = minorDigits(currency)
  const format = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  // Without a minus before nothing.
  return format.format(amount === 0 ? 0 : amount / 10 ** digits)
}

/** What one of it costs. */
export function unitPrice({ unit_amount, unit_amount_decimal, currency }: Price): string {
  return money(unit_amount ?? Number(unit_amount_decimal ?? 0), currency)
}

/** How often a price is paid: `per month`, `every 3 months`. */
export function rhythm({ recurring }: Pick<Price, 'recurring'>): string {
  if (!recurring) return 'once'
  const { interval, interval_count: count } = recurring
  return count === 1 ? `per ${interval}` : `every ${count} ${interval}s`
}

const parts = { day: 'numeric', year: 'numeric', timeZone: 'UTC' } as const
const longDays = new Intl.DateTimeFormat('en-GB', { ...parts, month: 'long' })
const shortDays = new Intl.DateTimeFormat('en-GB', { ...parts, month: 'short' })

/** The day of an instant in seconds: `8 December 2026`. */
export function day(seconds: number): string {
  return longDays.format(seconds * 1000)
}

/** The same for a table: `8 Dec 2026`. */
export function shortDay(seconds: number): string {
  return shortDays.format(seconds * 1000)
}

/** `1 seat`, `5 seats`. */
export function count(amount: number, one: string, more = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : more}`
}

/** The brand of a card as people write it. */
export function brandName(brand: string): string {
  return brand.charAt(0).toUpperCase() + brand.slice(1)
}

const STATUSES: Record<string, string> = {
  trialing: 'In trial',
  active: 'Active',
  past_due: 'Payment failed',
  unpaid: 'Unpaid',
  incomplete: 'Waiting for its first payment',
  incomplete_expired: 'Never paid',
  canceled: 'Canceled',
  paused: 'Paused',
}

/** How a subscription is, in words, and in the one that the style sheet knows. */
export function statusInWords({ status, cancel_at }: Pick<Subscription, 'status' | 'cancel_at'>) {
  const isEnding = cancel_at !== null && (status === 'active' || status === 'trialing')
  return isEnding ? { words: 'Ending', kind: 'ending' } : { words: STATUSES[status] ?? status, kind: status }
}
