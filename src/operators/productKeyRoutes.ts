import Type from 'typebox'
import { createProductKey } from '../access/productKeys/createProductKey.ts'
import { revokeProductKey } from '../access/productKeys/revokeProductKey.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { scopes } from '../http/actor.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { DisplayName } from '../identity/fields.ts'
import { problem } from '../problems.ts'
import { Reason } from './fields.ts'
import { listProductKeys } from './listProductKeys.ts'

const ScopeSchema = Type.Enum([...scopes])

const ProductKeyFields = {
  id: Uuid,
  name: Type.String(),
  last_four: Type.String({ description: 'The end of the key.' }),
  scopes: Type.Array(ScopeSchema),
  created_at: Instant,
  created_by: Nullable(Type.String({ format: 'uuid', description: 'Null where the command line made it.' })),
  expires_at: Nullable(Instant),
  last_used_at: Nullable(Type.String({ format: 'date-time', description: 'Up to a minute behind.' })),
  revoked_at: Nullable(Instant),
  revoked_by: Nullable(Uuid),
}

const ProductKeySchema = named('ProductKey', Type.Object(ProductKeyFields))

const CreatedProductKeySchema = named(
  'CreatedProductKey',
  Type.Object({
    ...ProductKeyFields,
    key: Type.String({ description: 'The key itself. It is never shown again.' }),
  }),
)

/** Keys with which a product's own servers ask for any account. */
export function productKeyRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'createProductKey',
      method: 'POST',
      url: '/v1/operator/product-keys',
      access: { operator: 'admin' },
      summary: 'Make a key for a product’s server, which is shown this once',
      body: Fields({
        name: DisplayName,
        scopes: Type.Array(ScopeSchema, { minItems: 1, uniqueItems: true }),
        expires_at: Type.Optional(Nullable(Instant)),
        reason: Type.Optional(Reason),
      }),
      replies: { 201: CreatedProductKeySchema },
    },
    async ({ caller, body, at, reply }) => {
      const expiresAt = body.expires_at ? new Date(body.expires_at) : null
      const order = { name: body.name.trim(), scopes: body.scopes, expiresAt, reason: body.reason }
      const created = await inTx(app, (tx) => createProductKey(tx, caller, order, at))
      return reply.code(201).send(created)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'listProductKeys',
      method: 'GET',
      url: '/v1/operator/product-keys',
      access: { operator: 'read' },
      summary: 'Product keys as far as they may be shown, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(ProductKeySchema) },
    },
    async ({ caller, query, at }) => inTx(app, (tx) => listProductKeys(tx, caller, query, at)),
  )

  route(
    server,
    app,
    {
      operationId: 'revokeProductKey',
      method: 'DELETE',
      url: '/v1/operator/product-keys/:id',
      access: { operator: 'admin' },
      summary: 'End a product key for good; harmless when it has ended',
      params: Fields({ id: Uuid }),
      body: Fields({ reason: Reason }),
      replies: { 204: null },
      refusals: ['not-found'],
    },
    async ({ caller, params, body, at, reply }) => {
      const order = { id: params.id, reason: body.reason }
      const isKnown = await inTx(app, (tx) => revokeProductKey(tx, caller, order, at))
      if (!isKnown) throw problem('not-found')
      return reply.code(204).send()
    },
  )
}
