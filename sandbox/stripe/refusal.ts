/** What Stripe answers instead of an object: https://docs.stripe.com/api/errors */
export interface StripeRefusalOptions {
  status?: number
  type?: 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error' | 'rate_limit_error'
  code?: string
  param?: string
  /** Further members of `error`, such as `decline_code` or `payment_intent`. */
  more?: Record<string, unknown>
  headers?: Record<string, string>
  /** What was written before it was thrown is kept, as the failed payment of an invoice is; else all is undone. */
  keepsChanges?: boolean
}

/** Thrown by an operation that refuses; answered in Stripe's shape, 400 unless `status` says otherwise. */
export class StripeRefusal extends Error {
  readonly options: StripeRefusalOptions
  constructor(message: string, options: StripeRefusalOptions = {}) {
    super(message)
    this.name = 'StripeRefusal'
    this.options = options
  }
}

/** https://docs.stripe.com/rate-limits */
export const rateLimited = (reason: 'endpoint-rate' | 'resource-specific') =>
  new StripeRefusal(
    'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
    { status: 429, code: 'rate_limit', headers: { 'stripe-rate-limited-reason': reason } },
  )

/** What is named does not exist: 404 for the object of the path, 400 for one that a parameter names. */
export const noSuch = (word: string, id: string, param?: string) =>
  new StripeRefusal(`No such ${word}: '${id}'`, {
    status: param === undefined ? 404 : 400,
    code: 'resource_missing',
    param: param ?? 'id',
  })
