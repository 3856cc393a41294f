import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { Uuid } from '../ids.ts'
import type { Parts } from '../server.ts'
import { suggest } from './suggest.ts'

const body = Type.Object(
  { words: Type.String({ maxLength: 5_000 }), session_id: Type.Optional(Uuid) },
  { additionalProperties: false },
)

/** FlowPilot: opened by its feature. It changes nothing, so that viewers may ask too. */
export function flowpilotRoutes(server: FastifyInstance, { pool, guards }: Parts): void {
  server.post<{ Body: Static<typeof body> }>(
    '/api/flowpilot',
    { preHandler: guards.requireFeature('flowpilot'), schema: { body } },
    ({ frontgate, body: asked }) => suggest(pool, frontgate.accountId, asked),
  )
}
