import fastify from 'fastify'
import Stripe from 'stripe'
import { createStripe } from '../../sandbox/stripe/engine/createStripe.ts'

// A stand-in for Stripe as a process of its own. It delivers nothing: the bench sends the events itself.
// Usage: node bench/storm/stripe.ts <port>, with STRIPE_KEY.

const port = Number(process.argv[2])
const key = process.env.STRIPE_KEY ?? ''
const silent = { warn() {}, error() {}, info() {}, debug() {} }
const stripe = createStripe({
  now: () => new Date(),
  webhook: null,
  secretKey: key,
  publicUrl: 'http://localhost:4100',
  log: silent as unknown as Parameters<typeof createStripe>[0]['log'],
})
const server = fastify({ forceCloseConnections: true })
await server.register(stripe.routes)
server.get('/ready', async () => 'ready')

/** Customers who pay by the month. */
server.post<{ Body: { customers: number; price: string } }>('/customers', async ({ body }) => {
  const sdk = new Stripe(key, { host: '127.0.0.1', port, protocol: 'http', telemetry: false })
  const made: string[] = []
  while (made.length < body.customers) {
    const { id: customer } = await sdk.customers.create({})
    const method = await sdk.paymentMethods.attach('pm_card_visa', { customer })
    const items = [{ price: body.price }]
    await sdk.subscriptions.create({ customer, items, default_payment_method: method.id })
    made.push(customer)
  }
  return made
})

/** All of them are renewed, at the same moment. */
server.post('/renew', async () => {
  stripe.store.change(() => {
    for (const one of stripe.store.list('subscription')) {
      stripe.store.put('subscription', { ...one, cancel_at_period_end: true })
    }
  })
  return { renewed: true }
})

/** When somebody looked, in milliseconds. */
server.get('/looks', async () =>
  stripe.requests
    .list()
    .filter(({ path }) => path === '/v1/subscriptions')
    .map(({ at }) => at.getTime()),
)

await server.listen({ host: '127.0.0.1', port })
process.stdin.resume().on('end', () => process.exit())
