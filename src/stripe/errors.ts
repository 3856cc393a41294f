import type Stripe from 'stripe'
import { type Problem, problem } from '../problems.ts'

type StripeError = InstanceType<typeof Stripe.errors.StripeError>

const RETRY_AFTER_SECONDS = 5

/** The error as Stripe's SDK throws it, or null when it is something else. */
export function stripeErrorOf(error: unknown): StripeError | null {
  return error instanceof Error && /^Stripe\w*Error$/.test((error as StripeError).type ?? '')
    ? (error as StripeError)
    : null
}

/** Whether Stripe says that there is no such object. */
export function isMissing(error: unknown): boolean {
  return stripeErrorOf(error)?.code === 'resource_missing'
}

const PASSING = [
  'StripeConnectionError',
  'StripeAPIError',
  'StripeRateLimitError',
  'StripeAuthenticationError',
  'StripePermissionError',
]

/**
 * Whether the same call may do later: Stripe is away or busy, or our key is being exchanged. Everything else is
 * about what was asked. See https://docs.stripe.com/error-low-level.
 */
export function isPassing(error: unknown): boolean {
  const known = stripeErrorOf(error)
  return known !== null && (PASSING.includes(known.type) || known.statusCode === 409)
}

/** Whether no answer came, or an earlier try of ours is still under way, so that nobody knows what Stripe did. */
export function isUnanswered(error: unknown): boolean {
  const known = stripeErrorOf(error)
  return known?.type === 'StripeConnectionError' || known?.code === 'idempotency_key_in_use'
}

/** Whether Stripe failed with an answer, which it repeats for the same key: https://docs.stripe.com/api/idempotent_requests */
export function isStoredFailure(error: unknown): boolean {
  return (stripeErrorOf(error)?.statusCode ?? 0) >= 500
}

/** Whether Stripe says that a key was used with other words before: https://docs.stripe.com/error-low-level#idempotency */
export function isKeyOfOtherWords(error: unknown): boolean {
  return stripeErrorOf(error)?.type === 'StripeIdempotencyError'
}

/** Whether this is Stripe's answer to a key, or to one that begins like it, which every other call with that key gets too. */
export function isAnswerToKey(error: unknown, key: string): boolean {
  const known = stripeErrorOf(error)
  if (!known?.headers?.['idempotency-key']?.startsWith(key)) return false
  return !isPassing(error) || isStoredFailure(error)
}

/** What Stripe asks not to tell: https://docs.stripe.com/declines/codes */
const KEPT_SECRET = [
  'fraudulent',
  'lost_card',
  'stolen_card',
  'pickup_card',
  'merchant_blacklist',
  'restricted_card',
]

/** Why a card was declined, as far as its holder may know. */
export function declineCodeOf({ decline_code, code }: StripeError): string | null {
  const told = decline_code ?? code ?? null
  return told !== null && KEPT_SECRET.includes(told) ? 'generic_decline' : told
}

/** The refusal that a caller gets for an error of Stripe; what is not one comes back as it is. */
export function refusalOf(error: unknown): Problem | unknown {
  const known = stripeErrorOf(error)
  if (!known) return error
  if (known.type === 'StripeCardError') {
    return problem('payment-failed', { decline_code: declineCodeOf(known), portal: null })
  }
  if (!isPassing(known)) {
    // Ours to mend, not the caller's: a setting at Stripe, or a parameter of ours.
    return new Error(`Stripe refuses what it was asked: ${known.code ?? known.type} ${known.param ?? ''}`, {
      cause: known,
    })
  }
  return problem('stripe-unavailable', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
