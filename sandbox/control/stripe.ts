import type { FastifyInstance } from 'fastify'
import type { Parts } from '../parts.ts'
import { Refusal } from '../refusal.ts'
import { Unsettled } from '../settle.ts'
import { flushStripe } from '../settleStripe.ts'
import { expireCheckoutSession } from '../stripe/billing/expireCheckoutSession.ts'
import { payCheckoutSession } from '../stripe/billing/payCheckoutSession.ts'
import { type DeliverySettings, reliable } from '../stripe/delivery/settings.ts'
import { type Fault, faultKinds } from '../stripe/engine/faults.ts'
import { StripeRefusal } from '../stripe/refusal.ts'
import { findCard } from '../stripe/resources/cards.ts'
import { createDispute } from '../stripe/resources/createDispute.ts'
import { getEvent } from '../stripe/resources/events.ts'

const PATIENCE_MS = 60_000
/** As the service's client calls itself. */
const SERVICE = 'Frontgate'
const GOOD_CARD = '4242424242424242'

const text = { type: 'string', minLength: 1, maxLength: 200 }
const probability = { type: 'number', minimum: 0, maximum: 1 }
const milliseconds = { type: 'integer', minimum: 0, maximum: 600_000 }

interface PayBody {
  card?: string
  authenticate?: boolean
  promotion_code?: string
}

/** What a buyer, a bank and the wires between do: everything below /control/stripe. */
export function stripeControlRoutes(server: FastifyInstance, parts: Parts): void {
  server.setErrorHandler((error) => {
    throw error instanceof StripeRefusal ? refusalOf(error) : error
  })
  // Where nothing has to be said, nothing need be sent.
  server.addHook('preValidation', async (request) => {
    request.body ??= {}
  })
  buyerRoutes(server, parts)
  webhookRoutes(server, parts)
  faultRoutes(server, parts)
  recordRoutes(server, parts)
}

function buyerRoutes(server: FastifyInstance, { stripe }: Parts): void {
  const body = bodyOf({ card: text, authenticate: { type: 'boolean' }, promotion_code: text })
  server.post<{ Params: { id: string }; Body: PayBody }>(
    '/checkout-sessions/:id/pay',
    { schema: { body } },
    async ({ params: { id }, body: { card = GOOD_CARD, authenticate = false, promotion_code } }) => {
      const known = findCard(card)
      if (!known) throw new Refusal(422, 'The request does not fit', 'body/card is no card of the sandbox.')
      const { outcome } = stripe.store.change(() =>
        payCheckoutSession(stripe.at(), id, {
          card: known.number,
          authenticate,
          ...(promotion_code !== undefined && { promotionCode: promotion_code }),
        }),
      )
      return { outcome }
    },
  )
  server.post<{ Params: { id: string } }>(
    '/checkout-sessions/:id/expire',
    { schema: { body: bodyOf({}) } },
    async ({ params: { id } }) => {
      const { status } = stripe.store.change(() => expireCheckoutSession(stripe.at(), id))
      return { id, status }
    },
  )
  server.post<{ Params: { id: string }; Body: { reason?: string } }>(
    '/charges/:id/dispute',
    { schema: { body: bodyOf({ reason: text }) } },
    async ({ params: { id }, body: { reason } }, reply) =>
      reply.code(201).send(stripe.store.change(() => createDispute(stripe.at(), id, reason))),
  )
}

function webhookRoutes(server: FastifyInstance, parts: Parts): void {
  const { deliveries } = parts.stripe
  server.get('/webhooks', async () => deliveries.settings)
  const body = bodyOf({
    duplicate: probability,
    reorder: probability,
    drop: probability,
    delay_ms: { type: 'array', items: milliseconds, minItems: 2, maxItems: 2 },
    thin: { enum: [true, false, 'both'] },
    hold: { type: 'boolean' },
  })
  server.post<{ Body: Partial<DeliverySettings> }>('/webhooks', { schema: { body } }, async (request) => {
    const [least = 0, most = 0] = request.body.delay_ms ?? []
    if (least > most) {
      throw new Refusal(422, 'The request does not fit', 'body/delay_ms must be [least, most].')
    }
    // What is not said is as it should be, so that an empty body mends everything.
    deliveries.change({ ...reliable, ...request.body })
    return deliveries.settings
  })
  server.post('/webhooks/flush', { schema: { body: bodyOf({}) } }, async () => {
    const patience = AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), parts.stopping])
    try {
      await flushStripe(parts, patience)
    } catch (error) {
      if (!(error instanceof Unsettled)) throw error
      throw new Refusal(504, 'Not everything has settled', error.message)
    }
    return { pending: deliveries.pending().length }
  })
  server.post<{ Params: { id: string } }>(
    '/events/:id/send',
    { schema: { body: bodyOf({}) } },
    async ({ params: { id } }, reply) => {
      deliveries.send(getEvent(parts.stripe.at(), id).id)
      return reply.code(204).send()
    },
  )
}

function faultRoutes(server: FastifyInstance, { stripe: { faults } }: Parts): void {
  const body = {
    ...bodyOf({
      method: { enum: ['GET', 'POST', 'DELETE'] },
      path: { type: 'string', pattern: '^/v[12]/', maxLength: 500 },
      kind: { enum: faultKinds },
      times: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1 },
      delay_ms: milliseconds,
    }),
    required: ['path', 'kind'],
  }
  server.get('/faults', async () => ({ data: faults.list() }))
  server.post<{ Body: Fault }>('/faults', { schema: { body } }, async (request, reply) => {
    faults.add(request.body)
    return reply.code(201).send({ data: faults.list() })
  })
  server.delete('/faults', async (_request, reply) => {
    faults.clear()
    return reply.code(204).send()
  })
}

function recordRoutes(server: FastifyInstance, { stripe: { requests, store } }: Parts): void {
  server.get('/requests', async () => ({
    data: requests.list().filter(({ application }) => application === SERVICE),
  }))
  server.delete('/requests', async (_request, reply) => {
    requests.clear()
    return reply.code(204).send()
  })
  server.get('/subscriptions', async () => ({ data: store.list('subscription') }))
}

function bodyOf(properties: Record<string, object>): object {
  return { type: 'object', additionalProperties: false, properties }
}

function refusalOf({ message, options }: StripeRefusal): Refusal {
  if (options.code === 'resource_missing')
    return new Refusal(404, 'There is no such thing at Stripe', message)
  return new Refusal(409, 'Stripe does not let this happen', message)
}
