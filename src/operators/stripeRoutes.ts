import Type from 'typebox'
import type { App } from '../app.ts'
import { replayEvent } from '../billing/events/replayEvent.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { Reason } from './fields.ts'
import { listDrift } from './listDrift.ts'
import { describeEvent, EVENT_ID, listStripeEvents } from './listStripeEvents.ts'

/** What became of an event. */
export const EventStatus = Type.Enum(['received', 'handled', 'ignored', 'parked'])

const StripeEventSchema = named(
  'StripeEvent',
  Type.Object({
    id: Type.String(),
    type: Type.String(),
    shape: Type.Enum(['snapshot', 'thin']),
    status: EventStatus,
    reason: Nullable(Type.String({ description: 'Why it was ignored or parked, or what went wrong last.' })),
    attempts: Type.Integer({ description: 'How often following it has failed.' }),
    stripe_customer_id: Nullable(Type.String()),
    object_id: Nullable(Type.String()),
    created_at: Instant,
    received_at: Instant,
    handled_at: Nullable(Instant),
  }),
)

const DriftSchema = named(
  'Drift',
  Type.Object({
    id: Uuid,
    found_at: Instant,
    account_id: Nullable(Uuid),
    stripe_customer_id: Type.String(),
    stripe_subscription_id: Nullable(Type.String()),
    kind: Type.String(),
    details: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
  }),
)

/** What staff see of the traffic with Stripe, and can set going again. */
export function stripeRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'listStripeEvents',
      method: 'GET',
      url: '/v1/operator/stripe-events',
      access: { operator: 'read' },
      summary: 'The inbox of Stripe’s events, the newest first',
      query: Fields({
        ...PageQuery,
        status: Type.Optional(EventStatus),
        customer: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        type: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
      }),
      replies: { 200: pageOf(StripeEventSchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listStripeEvents(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'replayStripeEvent',
      method: 'POST',
      url: '/v1/operator/stripe-events/:id/replay',
      access: { operator: 'support' },
      summary: 'Follow an event again: one that is parked, or was handled or ignored',
      params: Fields({ id: Type.String({ pattern: EVENT_ID.source }) }),
      body: Fields({ reason: Type.Optional(Reason) }),
      replies: { 202: StripeEventSchema },
      refusals: ['not-found'],
    },
    async ({ caller, params, body, at, reply }) => {
      const order = { id: params.id, reason: body.reason ?? null }
      const event = await inTx(app, (tx) => replayEvent(tx, caller, order, at))
      return reply.code(202).send(describeEvent(event))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'listDrift',
      method: 'GET',
      url: '/v1/operator/drift',
      access: { operator: 'read' },
      summary: 'What Stripe held and no event had told of, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(DriftSchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listDrift(tx, caller, query, at)),
  )
}
