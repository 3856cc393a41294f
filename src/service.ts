import { setTimeout as sleep } from 'node:timers/promises'
import type { Access } from './access/access.ts'
import type { App } from './app.ts'
import { warnOfOpenTrail } from './audit/protectTrail.ts'
import { followMode } from './billing/followMode.ts'
import { listenForProbes } from './http/listenForProbes.ts'
import { sayTakenPort } from './http/sayTakenPort.ts'
import { buildServer } from './server.ts'

export interface Service {
  access: Access
  /**
   * Says that it goes, and answers requests for `drainSeconds` more. Stops taking requests and jobs, lets those under way
   * finish, and closes the app.
   */
  stop: (options?: { drainSeconds: number }) => Promise<void>
}

/** Starts the API, the worker, or both. The database has been prepared; throws for a key of Stripe that does not fit it. */
export async function startService(app: App, parts: { serve: boolean; work: boolean }): Promise<Service> {
  const { config } = app
  await Promise.all([followMode(app), warnOfOpenTrail(app)])
  await app.tracing?.start()
  await app.changeTail.start()
  const { server, access } = await buildServer(app)
  // Listening comes first: a taken port is found before any job is taken.
  if (parts.serve) {
    await sayTakenPort('PORT', server.fastify.listen({ host: config.host, port: config.port }))
  }
  const endProbes = await listenForProbes(app, server)
  const worker = parts.work ? await (await import('./worker.ts')).startWorker(app) : undefined
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
    async stop({ drainSeconds } = { drainSeconds: 0 }) {
      const drain = async () => {
        server.departure.begin()
        if (parts.serve) await sleep(drainSeconds * 1000)
        await server.fastify.close()
      }
      await Promise.all([drain(), worker?.stop()])
      // Last: while requests and jobs end, whoever looks after this process sees that it lives.
      await endProbes?.()
      await app.close()
    },
  }
}
