import { Gauge } from 'prom-client'
import type { App } from '../app.ts'

/** Lets GET /metrics say how old the oldest message is that an endpoint has not taken yet. */
export function measureWaiting(app: App): void {
  new Gauge({
    name: 'frontgate_webhook_oldest_waiting_seconds',
    help: 'Age of the oldest webhook that waits to be delivered',
    registers: [app.metrics.registry],
    async collect() {
      const age = await oldestWaiting(app).catch((error: unknown) => {
        app.log.warn({ error }, 'webhooks that wait could not be counted')
        return null
      })
      if (age !== null) this.set(age)
    },
  })
}

async function oldestWaiting(app: App): Promise<number> {
  const { oldest } = await app.db
    .selectFrom('webhook_deliveries')
    .select((e) => e.fn.min('created_at').as('oldest'))
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow()
  return oldest ? Math.max(0, (app.now().getTime() - oldest.getTime()) / 1000) : 0
}
