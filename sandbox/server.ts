import { once } from 'node:events'
import { createServer } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import type { Log } from '../src/http/log.ts'
import { controlRoutes } from './control/routes.ts'
import { pageRoutes } from './pages/routes.ts'
import type { Parts } from './parts.ts'
import { answerRefusals, Refusal } from './refusal.ts'

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i
const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']

/** The HTTP server of the sandbox, listening on loopback only. */
export interface SandboxServer {
  stop(): Promise<void>
}

/** Serves everything that stands in for the world, each part under a path of its own. */
export async function startSandboxServer(parts: Parts, port: number): Promise<SandboxServer> {
  const server = makeServer(parts.app.log)
  await server.register(async (control) => controlRoutes(control, parts), { prefix: '/control' })
  await server.register(parts.stripe.routes, { prefix: '/stripe' })
  // An SDK whose host, port and protocol alone are ours asks for the paths as Stripe has them.
  await server.register(parts.stripe.routes)
  await server.register(parts.providers.routes)
  await server.register(async (pages) => pageRoutes(pages, parts))
  return listen(server, port)
}

/** A server of the sandbox that reads JSON, answers refusals, and goes by the names of loopback only. */
export function makeServer(log: Log): FastifyInstance {
  const server = fastify({
    forceCloseConnections: true,
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: true },
    },
  })
  answerRefusals(server, log)
  // A page elsewhere may point a name of its own at loopback, and its visitor's browser would then let it in.
  server.addHook('onRequest', async ({ headers: { host = '' } }) => {
    if (LOOPBACK.test(host)) return
    throw new Refusal(421, 'Not by that name', 'The sandbox answers as localhost, 127.0.0.1 and [::1] only.')
  })
  readJsonBodies(server)
  return server
}

function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  // Only JSON: anything else could be posted by a form on any page.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parse(request, body as string, done)
  })
}

/** Listens on 127.0.0.1 and, where there is IPv6, on ::1: `localhost` is either. */
async function listen(server: FastifyInstance, port: number): Promise<SandboxServer> {
  await server.listen({ host: '127.0.0.1', port })
  const second = createServer(server.routing)
  try {
    second.listen(port, '::1')
    await once(second, 'listening')
  } catch (error) {
    if (NO_IPV6.includes((error as NodeJS.ErrnoException).code ?? '')) return { stop: () => server.close() }
    await server.close()
    throw error
  }
  return {
    async stop() {
      second.close()
      second.closeAllConnections()
      await server.close()
    },
  }
}
