import type { IncomingHttpHeaders } from 'node:http'
import { StripeRefusal } from '../refusal.ts'
import { apiVersion } from './apiVersion.ts'

/** Refuses a request without one of the keys, or in another version of the API than ours, in Stripe's words. */
export function authorise(headers: IncomingHttpHeaders, keys: (string | undefined)[]): void {
  const key = keyOf(headers.authorization)
  if (!key) {
    throw unauthorised(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    )
  }
  if (!keys.includes(key)) throw unauthorised(`Invalid API Key provided: ${mask(key)}`)
  const version = headers['stripe-version']
  if (version !== undefined && version !== apiVersion) {
    throw new StripeRefusal(
      `Invalid Stripe API version: ${String(version)}. The sandbox speaks ${apiVersion}, which the SDK pins.`,
    )
  }
}

/** As a bearer, or as the name of HTTP's basic authentication: `curl -u sk_test_…:`. */
function keyOf(authorization = ''): string {
  const [scheme = '', credentials = ''] = authorization.split(' ')
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return ''
  return Buffer.from(credentials, 'base64').toString().split(':')[0] ?? ''
}

function mask(key: string): string {
  const shown = key.match(/^(sk|rk|pk)_(test|live)_/)?.[0] ?? ''
  const hidden = Math.max(4, key.length - shown.length - 4)
  return `${shown}${'*'.repeat(hidden)}${key.slice(-4)}`
}

function unauthorised(message: string): StripeRefusal {
  return new StripeRefusal(message, {
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="Stripe"' },
  })
}
