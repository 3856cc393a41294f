import { fastifyGuards } from '@frontgate/client/fastify'
import type { Gate } from '@frontgate/client/guards'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type pg from 'pg'
import { acceleratorRoutes } from './accelerator/routes.ts'
import { flowpilotRoutes } from './flowpilot/routes.ts'
import { answerError, answerProblems } from './problem.ts'
import { refuseUnkeptText } from './refuseUnkeptText.ts'
import { scriptRoutes } from './scripts/routes.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { treeRoutes } from './trees/routes.ts'

/** What routes are made of: where the product keeps its rows, and what decides who gets at them. */
export interface Parts {
  pool: pg.Pool
  gate: Gate
  guards: ReturnType<typeof fastifyGuards>
}

/** The product's API. Whose rows a request is about is what the guard found in its token, never what the request says. */
export function makeServer(
  { pool, gate }: { pool: pg.Pool; gate: Gate },
  options: FastifyServerOptions = {},
): FastifyInstance {
  const server = fastify({
    ...options,
    frameworkErrors: answerError,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  })
  answerProblems(server)
  refuseUnkeptText(server)
  const parts: Parts = { pool, gate, guards: fastifyGuards(gate) }
  treeRoutes(server, parts)
  sessionRoutes(server, parts)
  scriptRoutes(server, parts)
  flowpilotRoutes(server, parts)
  acceleratorRoutes(server, parts)
  server.get('/healthz', async () => ({ ok: true }))
  return server
}
