/**
 * How long an idempotency key is relied on, in milliseconds. Stripe keeps keys for a day at least:
 * https://docs.stripe.com/api/idempotent_requests
 */
export const KEY_LIVES_MS = 23 * 3_600_000
