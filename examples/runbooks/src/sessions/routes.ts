import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { inTx } from '../database.ts'
import { type ById, idParams, Uuid } from '../ids.ts'
import type { Parts } from '../server.ts'
import { getSession, listSessions, type Outcome, outcomes } from './sessions.ts'
import { startSession } from './startSession.ts'
import { endSession, takeStep } from './takeStep.ts'

const strict = { additionalProperties: false }
const listQuery = Type.Object({
  query: Type.Optional(Type.String({ maxLength: 200 })),
  before: Type.Optional(Uuid),
})
const startBody = Type.Object({ tree_id: Uuid, person: Type.String({ maxLength: 200 }) }, strict)
const stepBody = Type.Object(
  {
    kind: Type.Union([Type.Literal('answer'), Type.Literal('back'), Type.Literal('note')]),
    node_id: Type.String({ minLength: 1, maxLength: 60 }),
    text: Type.String({ maxLength: 5_000 }),
  },
  strict,
)
const endBody = Type.Object(
  { outcome: Type.Unsafe<Outcome>({ enum: outcomes }), summary: Type.String({ maxLength: 5_000 }) },
  strict,
)

/** Sessions: everybody reads them, also after the plan is gone; walking takes a member and a plan. */
export function sessionRoutes(server: FastifyInstance, { pool, guards }: Parts): void {
  const reading = guards.requireVerifiedEmailAfterGrace()
  const walking = [guards.requireRole('member'), guards.requireActiveSubscription('pro')]

  server.get<{ Querystring: Static<typeof listQuery> }>(
    '/api/sessions',
    { preHandler: reading, schema: { querystring: listQuery } },
    ({ frontgate, query }) => listSessions(pool, frontgate.accountId, query),
  )

  server.get<ById>(
    '/api/sessions/:id',
    { preHandler: reading, schema: { params: idParams } },
    ({ frontgate, params }) => getSession(pool, frontgate.accountId, params.id),
  )

  server.post<{ Body: Static<typeof startBody> }>(
    '/api/sessions',
    { preHandler: walking, schema: { body: startBody } },
    async ({ frontgate, body }, reply) => {
      const id = await inTx(pool, (tx) => startSession(tx, frontgate, body))
      return reply.code(201).send(await getSession(pool, frontgate.accountId, id))
    },
  )

  server.post<ById & { Body: Static<typeof stepBody> }>(
    '/api/sessions/:id/steps',
    { preHandler: walking, schema: { params: idParams, body: stepBody } },
    async ({ frontgate, params, body }) => {
      await inTx(pool, (tx) => takeStep(tx, frontgate, params.id, body))
      return getSession(pool, frontgate.accountId, params.id)
    },
  )

  server.post<ById & { Body: Static<typeof endBody> }>(
    '/api/sessions/:id/end',
    { preHandler: walking, schema: { params: idParams, body: endBody } },
    async ({ frontgate, params, body }) => {
      await inTx(pool, (tx) => endSession(tx, frontgate, params.id, body))
      return getSession(pool, frontgate.accountId, params.id)
    },
  )
}
