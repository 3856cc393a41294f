import type Stripe from 'stripe'
import type { Config } from '../config.ts'
import type { Metrics } from '../http/metrics.ts'
import { callOut, outcomeOfStatus } from '../tracing/callOut.ts'

/** The Stripe account of the configured key. */
export interface StripeAccount {
  /** Whether the key moves real money. Events of the other mode are not ours. */
  livemode: boolean
  /** The SDK, loaded when it is first asked for: it takes longer to load than the rest of the service. */
  client: () => Promise<Stripe>
}

const ANSWER_WITHIN_MS = 20_000

/** The account at Stripe, or null where there is no key. Nothing is sent until the client is used. */
export function openStripe(
  { stripeSecretKey, stripeApiUrl }: Config,
  metrics: Pick<Metrics, 'callSeconds'>,
): StripeAccount | null {
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
            httpClient: observedClient(SDK, metrics),
            appInfo: { name: 'Frontgate' },
          }),
      )
      return client
    },
  }
}

/** The SDK's own client, each of whose calls is counted, and traced by its method and path without ids. */
function observedClient(SDK: typeof Stripe, metrics: Pick<Metrics, 'callSeconds'>): NodeClient {
  const client = SDK.createNodeHttpClient()
  return {
    getClientName: () => client.getClientName(),
    makeRequest(host, port, path, method, ...rest) {
      const name = `${method} ${withoutIds(path)}`
      return callOut(
        metrics,
        { to: 'stripe', name, attributes: { 'http.request.method': method, 'server.address': host } },
        () => client.makeRequest(host, port, path, method, ...rest),
        (response) => outcomeOfStatus(response.getStatusCode()),
      )
    },
  }
}

type NodeClient = NonNullable<NonNullable<ConstructorParameters<typeof Stripe>[1]>['httpClient']>

/** Names of resources are words; whatever has a digit or a capital in it is an id. */
function withoutIds(path: string): string {
  const [plain = ''] = path.split('?', 1)
  return plain.replace(/\/(?!v\d+(?:\/|$))[^/]*[^a-z_/][^/]*/g, '/{id}')
}

/** The SDK itself; checking signatures takes no key. */
export function loadStripe(): Promise<typeof Stripe> {
  loading ??= import('stripe').then((module) => module.default)
  return loading
}

let loading: Promise<typeof Stripe> | undefined
