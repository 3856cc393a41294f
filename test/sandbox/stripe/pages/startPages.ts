import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { pino } from 'pino'
import type Stripe from 'stripe'
import { onTestFinished } from 'vitest'
import { stripePages } from '../../../../sandbox/stripe/pages/routes.ts'
import { type Started, startStripe } from '../startStripe.ts'

/** An answer as a browser that follows nothing sees it. */
export interface Seen {
  status: number
  location: string | null
  text: string
  headers: Headers
}

/** The stand-in with its pages, something to buy, and what a browser does. */
export interface StartedPages extends Started {
  prices: { pro: string; proYear: string; team: string }
  get(path: string): Promise<Seen>
  /** Posts a form as the page itself would, unless the headers say otherwise. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Seen>
  /** A customer with a session for them; what is given goes before the defaults. */
  open(params?: Stripe.Checkout.SessionCreateParams): Promise<{ customer: string; id: string; path: string }>
  /** Somebody who has subscribed to Pro, paying with 4242. */
  subscribe(params?: Stripe.Checkout.SessionCreateParams): Promise<{ customer: string; subscription: string }>
  /** A portal session, by the path of its page. */
  portal(customer: string, params?: Partial<Stripe.BillingPortal.SessionCreateParams>): Promise<string>
}

export const RETURN = 'http://localhost:4000/billing'

/** Starts one for the test that is running. */
export async function startPages(): Promise<StartedPages> {
  const started = await startStripe()
  const { sdk, stripe } = started
  const server = fastify({ forceCloseConnections: true })
  await server.register(async (pages) => stripePages(pages, stripe, pino({ level: 'silent' })))
  await server.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  const { port } = server.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const visit = async (path: string, init: RequestInit = {}): Promise<Seen> => {
    const answer = await fetch(`${url}${path}`, { redirect: 'manual', ...init })
    const { status, headers } = answer
    return { status, headers, location: headers.get('location'), text: await answer.text() }
  }
  const prices = await makePrices(sdk)
  const open: StartedPages['open'] = async (params = {}) => {
    const customer = await sdk.customers.create({ email: 'ada@example.com', name: 'Lovelace & Daughters' })
    const session = await sdk.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: prices.pro, quantity: 1 }],
      success_url: `${RETURN}/return?session_id={CHECKOUT_SESSION_ID}`,
      cancel_url: RETURN,
      ...params,
    })
    return { customer: customer.id, id: session.id, path: new URL(session.url ?? '').pathname }
  }
  return {
    ...started,
    url,
    prices,
    open,
    get: (path) => visit(path),
    post: (path, fields, headers = { origin: url, 'sec-fetch-site': 'same-origin' }) =>
      visit(path, { method: 'POST', body: new URLSearchParams(fields), headers }),
    async subscribe(params) {
      const { customer, id, path } = await open(params)
      await visit(path, { method: 'POST', body: new URLSearchParams({ card: '4242' }) })
      const { subscription } = await sdk.checkout.sessions.retrieve(id)
      return { customer, subscription: subscription as string }
    },
    async portal(customer, params = {}) {
      const session = await sdk.billingPortal.sessions.create({ customer, return_url: RETURN, ...params })
      return new URL(session.url).pathname
    },
  }
}

async function makePrices(sdk: Stripe): Promise<StartedPages['prices']> {
  const make = async (product: string, unit_amount: number, interval: 'month' | 'year') =>
    (await sdk.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval } })).id
  const pro = await sdk.products.create({ name: 'Pro', description: 'For a support team that means it.' })
  const team = await sdk.products.create({ name: 'Team' })
  return {
    pro: await make(pro.id, 2900, 'month'),
    proYear: await make(pro.id, 29000, 'year'),
    team: await make(team.id, 1900, 'month'),
  }
}
