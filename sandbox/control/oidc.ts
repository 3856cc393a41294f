import type { FastifyInstance } from 'fastify'
import type { StandIn } from '../oidc/createProviders.ts'
import { type Fault, faultsOf } from '../oidc/faults.ts'

const MOST_TIMES = 1_000_000

/** Whom a provider knows and what goes wrong with it: everything below /control/google or /control/microsoft. */
export function oidcControlRoutes<Person extends object>(
  server: FastifyInstance,
  { persona, people, faults }: StandIn<Person>,
): void {
  server.get('/people', async () => ({ data: people.list() }))
  server.post('/people', { schema: { body: persona.schema } }, async ({ body }, reply) => {
    people.put(body as Person)
    return reply.code(201).send(body)
  })
  server.delete('/people', async (_request, reply) => {
    people.reset()
    return reply.code(204).send()
  })

  const body = {
    type: 'object',
    additionalProperties: false,
    required: ['kind'],
    properties: {
      kind: { enum: faultsOf(persona.name) },
      times: { type: 'integer', minimum: 1, maximum: MOST_TIMES, default: 1 },
    },
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
