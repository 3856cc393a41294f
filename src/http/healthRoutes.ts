import { sql } from 'kysely'
import Type from 'typebox'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'
import { route } from './route.ts'
import type { Server } from './server.ts'

const Status = Type.Object({ status: Type.Literal('ok') })
const READY_TIMEOUT_MS = 2000

/** Liveness, readiness and metrics. */
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
      summary: 'The process can serve: the database answers',
      replies: { 200: Status },
      refusals: ['overloaded'],
    },
    async () => {
      const asked = sql`select 1`.execute(app.db).then(
        () => true,
        () => false,
      )
      const late = new Promise<false>((resolve) => setTimeout(resolve, READY_TIMEOUT_MS, false).unref())
      if (await Promise.race([asked, late])) return { status: 'ok' }
      throw problem('overloaded', undefined, {
        detail: 'The database does not answer.',
        retryAfterSeconds: 5,
      })
    },
  )

  server.fastify.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { registry } = app.metrics
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
