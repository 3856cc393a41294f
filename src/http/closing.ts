import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Makes `close` wait for the requests that have arrived, and for nothing else: a connection that is kept alive,
 * or on which a request is still being sent, is cut. Of such a request nothing has been done yet.
 */
export function closeWithoutWaitingForClients(server: FastifyInstance): void {
  const underWay = new Map<Socket, number>()
  const arrived = new WeakSet<FastifyRequest>()
  let isClosing = false

  function track(socket: Socket): void {
    if (isClosing) return void socket.destroy()
    underWay.set(socket, 0)
    socket.once('close', () => underWay.delete(socket))
  }
  function count(request: FastifyRequest, change: 1 | -1): number | undefined {
    const requests = underWay.get(request.raw.socket)
    if (requests !== undefined) underWay.set(request.raw.socket, requests + change)
    return requests
  }

  server.server.on('connection', track)
  server.addHook('preValidation', async (request) => {
    arrived.add(request)
    count(request, 1)
  })
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) void reply.header('connection', 'close')
  })
  server.addHook('onResponse', async (request) => {
    if (arrived.delete(request)) count(request, -1)
  })
  server.addHook('preClose', async () => {
    isClosing = true
    for (const [socket, requests] of underWay) if (requests === 0) socket.destroy()
  })
}
