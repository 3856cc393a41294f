import type Stripe from 'stripe'
import type { Config } from '../config.ts'

/** The Stripe account of the configured key. */
export interface StripeAccount {
  /** Whether the key moves real money. Events of the other mode are not ours. */
  livemode: boolean
  /** The SDK, loaded when it is first asked for: it takes longer to load than the rest of the service. */
  client: () => Promise<Stripe>
}

const ANSWER_WITHIN_MS = 20_000

/** The account at Stripe, or null where there is no key. Nothing is sent until the client is used. */
export function openStripe({ stripeSecretKey, stripeApiUrl }: Config): StripeAccount | null {
  if (!stripeSecretKey) return null
  const key = stripeSecretKey.reveal()
  const url = new URL(stripeApiUrl)
  const isPlain = url.protocol === 'http:'
  let client: Promise<Stripe> | undefined
  return {
    livemode: key.includes('_live_'),
    client() {
      client ??= loadStripe().then(
        (SDK) =>
          new SDK(key, {
            host: url.hostname,
            port: url.port || (isPlain ? 80 : 443),
            protocol: isPlain ? 'http' : 'https',
            timeout: ANSWER_WITHIN_MS,
            maxNetworkRetries: 2,
            telemetry: false,
            appInfo: { name: 'Frontgate' },
          }),
      )
      return client
    },
  }
}

/** The SDK itself; checking signatures takes no key. */
export function loadStripe(): Promise<typeof Stripe> {
  loading ??= import('stripe').then((module) => module.default)
  return loading
}

let loading: Promise<typeof Stripe> | undefined
