import type { Log } from '../../../src/http/log.ts'
import { StripeRefusal } from '../refusal.ts'

/** An answer in text, as it goes over the wire. */
export interface Reply {
  status: number
  headers: Record<string, string>
  body: string
}

/** What Stripe answers in place of an object; what nobody planned is logged and becomes its 500. */
export function renderRefusal(error: unknown, log: Log): Reply {
  if (!(error instanceof StripeRefusal)) {
    log.error({ error }, 'the stand-in for Stripe failed')
    return renderRefusal(unknownError(`The sandbox failed: ${(error as Error).message}`), log)
  }
  const { status = 400, type = 'invalid_request_error', code, param, more, headers = {} } = error.options
  const described = {
    ...(code !== undefined && {
      code,
      doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`,
    }),
    message: error.message,
    ...(param !== undefined && { param }),
    type,
    ...more,
  }
  return { status, headers, body: JSON.stringify({ error: described }) }
}

/** Stripe's own failure. */
export function unknownError(message = 'An unknown error occurred'): StripeRefusal {
  return new StripeRefusal(message, { status: 500, type: 'api_error' })
}
