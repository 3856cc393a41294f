import Stripe from 'stripe'
import { type ServedStandIn, STRIPE_KEY, startStandIn } from '../../../support/stripeApp.ts'
import { tour } from './tour.ts'

/** What was answered, as it came over the wire. */
export interface Answer {
  method: string
  path: string
  status: number
  body: { object?: string; data?: unknown }
}

export interface Toured extends ServedStandIn {
  answers: Answer[]
}

const START = Date.parse('2026-01-31T12:00:00Z')

/** A stand-in in which everything has been used once, and all that it answered meanwhile. */
export async function takeTour(): Promise<Toured> {
  let time = START
  const served = await startStandIn({ now: () => new Date(time), webhookUrl: null })
  const answers: Answer[] = []
  const sdk = listen(served.url, answers)
  await tour({
    stripe: served.stripe,
    sdk,
    now: () => time / 1000,
    pass(seconds) {
      time += seconds * 1000
      served.stripe.advance()
    },
  })
  return { ...served, sdk, answers }
}

/** The SDK, which sees decimals as objects of its own; what comes over the wire goes to `answers`. */
function listen(url: string, answers: Answer[]): Stripe {
  const { hostname, port } = new URL(url)
  const overhear = async (...[input, init]: Parameters<typeof fetch>) => {
    const response = await fetch(input, init)
    const body = (await response.clone().json()) as Answer['body']
    const { pathname } = new URL(String(input))
    answers.push({ method: init?.method ?? 'GET', path: pathname, status: response.status, body })
    return response
  }
  return new Stripe(STRIPE_KEY, {
    host: hostname,
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(overhear),
  })
}
