import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { App } from '../../app.ts'
import { route } from '../../http/route.ts'
import { named } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { problem } from '../../problems.ts'
import { isSigned, readSignature } from './isSigned.ts'
import { keepEvent } from './keepEvent.ts'
import { readEvent } from './rules.ts'

/** An invoice of many lines makes a large event. */
const BODY_BYTES = 1024 * 1024

const ReceiptSchema = named(
  'Receipt',
  Type.Object({
    received: Type.Optional(Type.Boolean()),
    ignored: Type.Optional(Type.Boolean({ description: 'No signing secret is set, so nothing is stored.' })),
  }),
)

/** The inbox of Stripe's events. */
export function eventRoutes(server: Server, app: App): void {
  server.fastify.register(async (fastify) => {
    readBytes(fastify)
    refuseEarly(fastify, app)
    receiveEvents({ ...server, fastify }, app)
  })
}

/** The signature is over the bytes as they came: a body that was parsed and written again does not fit it. */
function readBytes(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  )
}

/** Before a megabyte is taken in: without a signature that could be one, the bytes are not looked at. */
function refuseEarly(fastify: FastifyInstance, app: App): void {
  fastify.addHook('onRequest', async ({ headers }, reply) => {
    if (app.config.stripeWebhookSecrets.length === 0) return reply.send({ ignored: true })
    if (readSignature(headers['stripe-signature'], app.now()) === null) throw problem('invalid-signature')
    return undefined
  })
}

function receiveEvents(server: Server, app: App): void {
  const { stripeWebhookSecrets } = app.config
  route(
    server,
    app,
    {
      operationId: 'receiveStripeEvent',
      method: 'POST',
      url: '/v1/webhooks/stripe',
      access: 'anyone',
      summary: 'Events of Stripe, snapshot or thin: answered once they are in the inbox',
      body: Type.Unsafe<unknown>({ description: 'A signed event, as Stripe sends it.' }),
      replies: { 200: ReceiptSchema },
      refusals: ['invalid-signature', 'invalid-event'],
    },
    async ({ body, request, at }) => {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
      const header = readSignature(request.headers['stripe-signature'], at)
      if (header === null || !(await isSigned(bytes, header, stripeWebhookSecrets, at))) {
        throw problem('invalid-signature')
      }
      const text = bytes.toString()
      const read = readEvent(parsed(text), app.stripe?.livemode ?? null)
      if (read.kind === 'unreadable') throw problem('invalid-event')
      await keepEvent(app.db, read.event, text, at)
      return { received: true }
    },
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
