import { fileURLToPath } from 'node:url'
import { createGate } from '@frontgate/client/guards'
import { migrate, openPool } from './database.ts'
import { pageRoutes } from './pages.ts'
import { makeServer } from './server.ts'
import { readSettings } from './settings.ts'

const settings = readSettings(process.env, fileURLToPath(new URL('../dist', import.meta.url)))
const pool = openPool(settings.databaseUrl)
await migrate(pool)

// With live state a plan that ends or is bought shows at the next request, not when the token is renewed.
const gate = createGate({
  url: settings.frontgateUrl,
  ...(settings.audience && { audience: settings.audience }),
  productKey: settings.productKey,
  live: true,
  log: (message, fields) => server.log.warn(fields, message),
})
const server = makeServer({ pool, gate }, { logger: true, forceCloseConnections: true })
pageRoutes(server, settings)
await server.listen({ host: 'localhost', port: settings.port })

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

async function stop(): Promise<void> {
  await server.close()
  gate.close()
  await pool.end()
  process.exit(0)
}
