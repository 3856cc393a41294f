import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { type ById, idParams } from '../ids.ts'
import { Problem } from '../problem.ts'
import type { Parts } from '../server.ts'
import { fillIn } from './rules.ts'
import { createScript, getScript, listScripts, saveScript } from './scripts.ts'

const strict = { additionalProperties: false }
const scriptBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    body: Type.String({ minLength: 1, maxLength: 20_000, pattern: '\\S' }),
  },
  strict,
)
const fillBody = Type.Object(
  { values: Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 5_000 })) },
  strict,
)
type Script = Static<typeof scriptBody>

/** Scripts: everybody reads them; the feature `scripts` opens the rest. */
export function scriptRoutes(server: FastifyInstance, { pool, guards }: Parts): void {
  const reading = guards.requireVerifiedEmailAfterGrace()
  const writing = [guards.requireRole('member'), guards.requireFeature('scripts')]
  const filling = guards.requireFeature('scripts')

  server.get('/api/scripts', { preHandler: reading }, async ({ frontgate }) => ({
    data: await listScripts(pool, frontgate.accountId),
  }))

  server.get<ById>(
    '/api/scripts/:id',
    { preHandler: reading, schema: { params: idParams } },
    ({ frontgate, params }) => getScript(pool, frontgate.accountId, params.id),
  )

  server.post<{ Body: Script }>(
    '/api/scripts',
    { preHandler: writing, schema: { body: scriptBody } },
    async ({ frontgate, body }, reply) => reply.code(201).send(await createScript(pool, frontgate, body)),
  )

  server.put<ById & { Body: Script }>(
    '/api/scripts/:id',
    { preHandler: writing, schema: { params: idParams, body: scriptBody } },
    ({ frontgate, params, body }) => saveScript(pool, frontgate, params.id, body),
  )

  server.post<ById & { Body: Static<typeof fillBody> }>(
    '/api/scripts/:id/fill',
    { preHandler: filling, schema: { params: idParams, body: fillBody } },
    async ({ frontgate, params, body }) => {
      const script = await getScript(pool, frontgate.accountId, params.id)
      const filled = fillIn(script.body, body.values)
      if (filled.kind === 'filled') return { text: filled.text }
      const { parameters } = filled
      throw new Problem('parameters-missing', `There is no value for ${parameters.join(', ')}.`, {
        parameters,
      })
    },
  )
}
