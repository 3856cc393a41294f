import type { Access } from './access/access.ts'
import type { App } from './app.ts'
import { followMode } from './billing/followMode.ts'
import { buildServer } from './server.ts'
import { startWorker } from './worker.ts'

export interface Service {
  access: Access
  /** Stops taking requests and jobs, lets those under way finish, and closes the app. */
  stop: () => Promise<void>
}

/** Starts the API, the worker, or both. The database has been prepared; throws for a key of Stripe that does not fit it. */
export async function startService(app: App, parts: { serve: boolean; work: boolean }): Promise<Service> {
  const { config } = app
  await followMode(app)
  await app.changeTail.start()
  const { server, access } = await buildServer(app)
  // Listening comes first: a taken port is found before any job is taken.
  if (parts.serve) await server.fastify.listen({ host: config.host, port: config.port })
  const worker = parts.work ? await startWorker(app) : undefined
  const integrations = {
    mail: config.smtpUrl !== undefined,
    salesMail: config.salesEmail !== undefined,
    turnstile: app.turnstile !== null,
    stripe: app.stripe !== null,
    stripeEvents: config.stripeWebhookSecrets.length > 0,
  }
  app.log.info({ port: parts.serve ? config.port : null, ...parts, ...integrations }, 'started')
  return {
    access,
    async stop() {
      await Promise.all([server.fastify.close(), worker?.stop()])
      await app.close()
    },
  }
}
