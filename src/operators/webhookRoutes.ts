import Type from 'typebox'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { refuseNoInstant } from '../http/instants.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { changeEndpoint } from '../webhooks/changeEndpoint.ts'
import { createEndpoint } from '../webhooks/createEndpoint.ts'
import { deleteEndpoint } from '../webhooks/deleteEndpoint.ts'
import { deliveryStates, outcomes } from '../webhooks/deliveries.ts'
import { eventTypes } from '../webhooks/events.ts'
import { pingEndpoint } from '../webhooks/pingEndpoint.ts'
import { replayDelivery, replayFailed } from '../webhooks/replay.ts'
import { rollSecret } from '../webhooks/rollSecret.ts'
import { Reason } from './fields.ts'
import { listWebhookDeliveries } from './listWebhookDeliveries.ts'
import { getWebhookEndpoint, listWebhookEndpoints } from './listWebhookEndpoints.ts'

const Url = Type.String({
  minLength: 1,
  maxLength: 2000,
  pattern: '^https?://[^\\s\\u0000\\ud800-\\udfff]+$',
  description:
    'https:// and without a password. http:// only to this machine, or where PUBLIC_URL is so too.',
})
const Description = Type.String({ maxLength: 200, pattern: '^[^\\u0000\\ud800-\\udfff]*$' })
const Events = Nullable(
  Type.Array(Type.Enum([...eventTypes]), {
    minItems: 1,
    uniqueItems: true,
    description: 'Which events it is told of; null is all, also those that are still to come.',
  }),
)

const EndpointFields = {
  id: Uuid,
  url: Type.String(),
  description: Type.String(),
  events: Events,
  created_at: Instant,
  failing_since: Nullable(
    Type.String({ format: 'date-time', description: 'Since when nothing could be delivered.' }),
  ),
  disabled_at: Nullable(Instant),
  disabled_because: Nullable(
    Type.Enum(['operator', 'gone', 'failing'], {
      description: '`gone`: it answered 410; `failing`: nothing could be delivered for five days.',
    }),
  ),
}

const EndpointSchema = named('WebhookEndpoint', Type.Object(EndpointFields))

const Secret = Type.String({ description: 'What messages are signed with. It is never shown again.' })

const CreatedEndpointSchema = named(
  'CreatedWebhookEndpoint',
  Type.Object({ ...EndpointFields, secret: Secret }),
)

const DeliverySchema = named(
  'WebhookDelivery',
  Type.Object({
    id: Uuid,
    endpoint_id: Uuid,
    message_id: Type.String({ description: 'The header `webhook-id`: the same in every attempt.' }),
    type: Type.String(),
    account_id: Nullable(Uuid),
    state: Type.Enum([...deliveryStates]),
    attempts: Type.Integer(),
    created_at: Instant,
    next_attempt_at: Nullable(Instant),
    last_attempt_at: Nullable(Instant),
    last_outcome: Nullable(
      Type.Enum([...outcomes], {
        description:
          '`refused`: the answer was not 2xx. Redirects are not followed. `unsigned`: nothing was sent, since the secret cannot be opened.',
      }),
    ),
    last_status: Nullable(Type.Integer({ description: 'Of the answer, of which nothing else is kept.' })),
    delivered_at: Nullable(Instant),
    given_up_at: Nullable(Instant),
  }),
)

/** Endpoints of products that are told of changes, and what became of what was sent to them. */
export function webhookRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'createWebhookEndpoint',
      method: 'POST',
      url: '/v1/operator/webhooks/endpoints',
      access: { operator: 'admin' },
      summary: 'Have changes from now on told to an endpoint, whose secret is shown this once',
      body: Fields({
        url: Url,
        description: Type.Optional(Description),
        events: Type.Optional(Events),
        reason: Type.Optional(Reason),
      }),
      replies: { 201: CreatedEndpointSchema },
    },
    async ({ caller, body: { url, description = '', events = null, reason }, at, reply }) =>
      reply
        .code(201)
        .send(
          await inTx(app, (tx) =>
            createEndpoint(tx, app.config, caller, { url, description, events, reason }, at),
          ),
        ),
  )

  route(
    server,
    app,
    {
      operationId: 'listWebhookEndpoints',
      method: 'GET',
      url: '/v1/operator/webhooks/endpoints',
      access: { operator: 'read' },
      summary: 'The endpoints that are told of changes, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(EndpointSchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listWebhookEndpoints(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'getWebhookEndpoint',
      method: 'GET',
      url: '/v1/operator/webhooks/endpoints/:id',
      access: { operator: 'read' },
      summary: 'One endpoint, without its secret',
      params: Fields({ id: Uuid }),
      replies: { 200: EndpointSchema },
      refusals: ['not-found'],
    },
    async ({ caller, params, at }) => inTx(app, (tx) => getWebhookEndpoint(tx, caller, params.id, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'changeWebhookEndpoint',
      method: 'PATCH',
      url: '/v1/operator/webhooks/endpoints/:id',
      access: { operator: 'admin' },
      summary: 'Change an endpoint, disable it, or enable it again',
      params: Fields({ id: Uuid }),
      body: Fields({
        url: Type.Optional(Url),
        description: Type.Optional(Description),
        events: Type.Optional(Events),
        enabled: Type.Optional(
          Type.Boolean({ description: 'What it misses while it is disabled can be replayed.' }),
        ),
        reason: Type.Optional(Reason),
      }),
      replies: { 200: EndpointSchema },
      refusals: ['not-found'],
    },
    async ({ caller, params, body, at }) =>
      inTx(app, (tx) => changeEndpoint(tx, app.config, caller, params.id, body, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'deleteWebhookEndpoint',
      method: 'DELETE',
      url: '/v1/operator/webhooks/endpoints/:id',
      access: { operator: 'admin' },
      summary: 'Delete an endpoint, with all that waits for it',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: ['not-found'],
    },
    async ({ caller, params, body, at, reply }) => {
      await inTx(app, (tx) => deleteEndpoint(tx, caller, { id: params.id, reason: body.reason }, at))
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'rollWebhookSecret',
      method: 'POST',
      url: '/v1/operator/webhooks/endpoints/:id/roll-secret',
      access: { operator: 'admin' },
      summary: 'Give an endpoint another secret, which is shown this once; for a while both sign',
      params: Fields({ id: Uuid }),
      body: Fields({
        overlap_hours: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 168,
            default: 24,
            description: 'How long the one before signs too: 0 where somebody else knows it.',
          }),
        ),
        reason: Reason,
      }),
      replies: { 200: Type.Object({ secret: Secret }) },
      refusals: ['not-found'],
    },
    async ({ caller, params, body: { overlap_hours: overlapHours = 24, reason }, at }) => {
      const order = { id: params.id, overlapHours, reason }
      return { secret: await inTx(app, (tx) => rollSecret(tx, app.config, caller, order, at)) }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'pingWebhookEndpoint',
      method: 'POST',
      url: '/v1/operator/webhooks/endpoints/:id/ping',
      access: { operator: 'support' },
      summary: 'Send an endpoint a message that says nothing, to try it out',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Type.Optional(Reason) }),
      replies: { 202: DeliverySchema },
      refusals: ['not-found', 'webhook-endpoint-disabled'],
    },
    async ({ caller, params: { id }, body: { reason }, at, reply }) =>
      reply.code(202).send(await inTx(app, (tx) => pingEndpoint(tx, caller, { id, reason }, at))),
  )

  route(
    server,
    app,
    {
      operationId: 'replayFailedWebhooks',
      method: 'POST',
      url: '/v1/operator/webhooks/endpoints/:id/replay',
      access: { operator: 'support' },
      summary: 'Send an endpoint all that was given up since an instant once more',
      params: Fields({ id: Uuid }),
      body: Fields({ since: Instant, reason: Reason }),
      replies: { 202: Type.Object({ replayed: Type.Integer() }) },
      refusals: ['not-found', 'webhook-endpoint-disabled'],
    },
    async ({ caller, params, body, at, reply }) => {
      const since = new Date(body.since)
      refuseNoInstant('#/since', since)
      const order = { endpoint: params.id, since, reason: body.reason }
      return reply.code(202).send({ replayed: await inTx(app, (tx) => replayFailed(tx, caller, order, at)) })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'listWebhookDeliveries',
      method: 'GET',
      url: '/v1/operator/webhooks/deliveries',
      access: { operator: 'read' },
      summary: 'What was sent to endpoints in the last thirty days, or waits to be, the newest first',
      query: Fields({
        ...PageQuery,
        endpoint_id: Type.Optional(Uuid),
        state: Type.Optional(Type.Enum([...deliveryStates])),
        account_id: Type.Optional(Uuid),
      }),
      replies: { 200: pageOf(DeliverySchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listWebhookDeliveries(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'replayWebhookDelivery',
      method: 'POST',
      url: '/v1/operator/webhooks/deliveries/:id/replay',
      access: { operator: 'support' },
      summary: 'Send a message to its endpoint once more, under the same id',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Type.Optional(Reason) }),
      replies: { 202: DeliverySchema },
      refusals: ['not-found', 'webhook-endpoint-disabled'],
    },
    async ({ caller, params, body, at, reply }) => {
      const order = { id: params.id, reason: body.reason ?? null }
      return reply.code(202).send(await inTx(app, (tx) => replayDelivery(tx, caller, order, at)))
    },
  )
}
