import { sql } from 'kysely'
import { Gauge } from 'prom-client'
import Type from 'typebox'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'
import { route } from './route.ts'
import type { Server } from './server.ts'

const Status = Type.Object({ status: Type.Literal('ok') })
const READY_TIMEOUT_MS = 2000

/** Liveness, readiness and, unless they have a port of their own, metrics. */
export function healthRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'getLiveness',
      method: 'GET',
      url: '/healthz',
      access: 'anyone',
      summary: 'The process answers',
      replies: { 200: Status },
    },
    async () => ({ status: 'ok' }),
  )

  route(
    server,
    app,
    {
      operationId: 'getReadiness',
      method: 'GET',
      url: '/readyz',
      access: 'anyone',
      summary: 'The process can serve: the database answers, and it is not about to stop',
      replies: { 200: Status },
      refusals: ['overloaded'],
    },
    async () => {
      if (server.departure.hasBegun) throw notReady('The process is about to stop.')
      const asked = sql`select 1`.execute(app.db).then(
        () => true,
        () => false,
      )
      const late = new Promise<false>((resolve) => setTimeout(resolve, READY_TIMEOUT_MS, false).unref())
      if (await Promise.race([asked, late])) return { status: 'ok' }
      throw notReady('The database does not answer.')
    },
  )

  const { registry } = app.metrics
  new Gauge({
    name: 'frontgate_build_info',
    help: 'Always 1; the labels say which version runs, and whether it takes requests or only jobs',
    labelNames: ['version', 'serves'],
    registers: [registry],
    collect() {
      this.reset()
      this.set({ version: app.config.version, serves: String(server.fastify.server.listening) }, 1)
    },
  })
  if (app.config.metricsPort !== undefined) return
  server.fastify.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

const notReady = (detail: string) => problem('overloaded', undefined, { detail, retryAfterSeconds: 5 })
