import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** What a server tells whoever balances requests before it goes. */
export interface Departure {
  hasBegun: boolean
  /** From now on the server says that it goes, and tells each connection to end after its next answer. */
  begin: () => void
}

/**
 * Makes `close` wait for the requests that have arrived, and for nothing else: a connection that is kept alive,
 * or on which a request is still being sent, is cut. Of such a request nothing has been done yet.
 */
export function closeWithoutWaitingForClients(server: FastifyInstance): Departure {
  const underWay = new Map<Socket, number>()
  const arrived = new WeakSet<FastifyRequest>()
  let isClosing = false
  const departure: Departure = {
    hasBegun: false,
    begin() {
      departure.hasBegun = true
    },
  }

  function count({ raw: { socket } }: FastifyRequest, change: 1 | -1): void {
    const requests = underWay.get(socket)
    if (requests !== undefined) underWay.set(socket, requests + change)
  }

  server.server.on('connection', (socket) => {
    if (isClosing) return void socket.destroy()
    underWay.set(socket, 0)
    socket.once('close', () => underWay.delete(socket))
  })
  server.addHook('preValidation', (request, _reply, done) => {
    arrived.add(request)
    count(request, 1)
    done()
  })
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (departure.hasBegun) void reply.header('connection', 'close')
    done()
  })
  server.addHook('onResponse', (request, _reply, done) => {
    if (arrived.delete(request)) count(request, -1)
    done()
  })
  server.addHook('preClose', async () => {
    isClosing = true
    departure.begin()
    for (const [socket, requests] of underWay) if (requests === 0) socket.destroy()
  })
  return departure
}
