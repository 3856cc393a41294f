import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { App } from '../app.ts'
import { sayTakenPort } from './sayTakenPort.ts'
import type { Server } from './server.ts'

const LIMITS = { maxHeaderSize: 16 * 1024, requestTimeout: 10_000 }

/**
 * Answers GET /metrics, /healthz and /readyz on METRICS_PORT, and nothing else: what a process that only works has to be
 * looked after by. Returns how to end it; null where there is no such port.
 */
export async function listenForProbes(app: App, server: Server): Promise<(() => Promise<void>) | null> {
  const { metricsPort: port, host } = app.config
  if (port === undefined) return null
  await server.fastify.ready()
  const listener = createServer(LIMITS, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1)
    if (request.method === 'GET' && path === '/metrics') return void sendMetrics(app, response)
    if (path === '/healthz' || path === '/readyz') return server.fastify.routing(request, response)
    refuse(request, response)
  })
  listener.listen({ port, host })
  await sayTakenPort('METRICS_PORT', once(listener, 'listening'))
  return async () => {
    listener.close()
    listener.closeAllConnections()
  }
}

async function sendMetrics({ metrics: { registry }, log }: App, response: ServerResponse): Promise<void> {
  try {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text)
  } catch (error) {
    log.error({ error }, 'metrics cannot be written')
    response.writeHead(500).end()
  }
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  response.writeHead(404).end()
}
