import Stripe from 'stripe'
import { type ServedStandIn, STRIPE_KEY, startStandIn } from '../../../support/stripeApp.ts'
import type { Shaped } from './findFaults.ts'
import { tour } from './tour.ts'

/** What was answered, as it came over the wire. */
export interface Answer {
  request: string
  status: number
  body: Shaped
}

export interface Toured extends ServedStandIn {
  answers: Answer[]
}

const START = Date.parse('2026-01-31T12:00:00Z')

/** Where objects of each kind are listed, but for those that have no list. */
const lists: Record<string, string> = {
  product: '/v1/products',
  price: '/v1/prices',
  coupon: '/v1/coupons',
  promotion_code: '/v1/promotion_codes',
  customer: '/v1/customers',
  payment_method: '/v1/payment_methods',
  subscription: '/v1/subscriptions',
  subscription_schedule: '/v1/subscription_schedules',
  invoice: '/v1/invoices',
  invoiceitem: '/v1/invoiceitems',
  invoice_payment: '/v1/invoice_payments',
  payment_intent: '/v1/payment_intents',
  charge: '/v1/charges',
  refund: '/v1/refunds',
  dispute: '/v1/disputes',
  'checkout.session': '/v1/checkout/sessions',
  'billing_portal.configuration': '/v1/billing_portal/configurations',
  event: '/v1/events',
  'test_helpers.test_clock': '/v1/test_helpers/test_clocks',
}

/** A stand-in in which everything has been used once, and then read; with all that it answered. */
export async function takeTour(): Promise<Toured> {
  let time = START
  const served = await startStandIn({ now: () => new Date(time), webhookUrl: null })
  const answers: Answer[] = []
  const sdk = overhear(served.url, answers)
  try {
    await tour({
      stripe: served.stripe,
      sdk,
      now: () => time / 1000,
      pass(seconds) {
        time += seconds * 1000
        served.stripe.advance()
      },
    })
    for (const [kind, path] of Object.entries(lists)) await readAll(served, sdk, kind, path)
  } catch (error) {
    await served.close()
    throw error
  }
  return { ...served, sdk, answers }
}

/** Lists a kind, and retrieves one object of it in each state. */
async function readAll({ stripe }: ServedStandIn, sdk: Stripe, kind: string, path: string): Promise<void> {
  const objects = stripe.store
    .contents()
    .filter((write) => write.kind === kind)
    .map(({ object }) => object as { id: string; status?: string; deleted?: true })
  const byState = new Map(objects.map((object) => [object.status ?? object.deleted, object.id]))
  await sdk.rawRequest('GET', `${path}?limit=100${kind === 'subscription' ? '&status=all' : ''}`)
  for (const id of byState.values()) await sdk.rawRequest('GET', `${path}/${id}`)
}

/** The SDK makes objects of decimals; in `answers` is what came over the wire. */
function overhear(url: string, answers: Answer[]): Stripe {
  const { hostname, port } = new URL(url)
  const listen = async (...[input, init]: Parameters<typeof fetch>) => {
    const response = await fetch(input, init)
    const body = (await response.clone().json()) as Shaped
    const request = `${init?.method} ${new URL(String(input)).pathname}`
    answers.push({ request, status: response.status, body })
    return response
  }
  return new Stripe(STRIPE_KEY, {
    host: hostname,
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(listen),
  })
}
