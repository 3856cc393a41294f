import { fastifyGuards } from '@frontgate/client/fastify'
import { createGate } from '@frontgate/client/guards'
import fastify from 'fastify'

/** A product in a process of its own, one route of which is guarded with live state. */
const { FRONTGATE_URL = '', FRONTGATE_PORT = '', FRONTGATE_KEY = '', PORT = '' } = process.env

const gate = createGate({
  url: FRONTGATE_URL,
  productKey: FRONTGATE_KEY,
  live: true,
  fetch: (input, init) =>
    fetch(String(input).replace(FRONTGATE_URL, `http://127.0.0.1:${FRONTGATE_PORT}`), init),
})
await gate.ready()

const guards = fastifyGuards(gate)
const app = fastify({ forceCloseConnections: true })
app.get('/ready', () => 'ready')
app.get('/team', { preHandler: guards.requireActiveSubscription('team') }, () => 'open')
process.once('SIGTERM', () => {
  gate.close()
  void app.close()
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
