import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to PostgreSQL on which questions always pass, and answers wait while it is shut. */
export interface ReplyGate {
  url: string
  shut: () => void
  /** Resolves once an answer is waiting: PostgreSQL has done what was asked of it. */
  answered: () => Promise<void>
  open: () => void
  stop: () => Promise<void>
}

/** Opens a way to the server of this URL. */
export async function startReplyGate(targetUrl: string): Promise<ReplyGate> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let gate = Promise.withResolvers<void>()
  let waiting = Promise.withResolvers<void>()
  gate.resolve()

  async function passAnswers(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from) {
      waiting.resolve()
      await gate.promise
      to.write(chunk)
    }
  }
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.pipe(upstream)
    passAnswers(upstream, client).catch(() => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: Object.assign(new URL(target), { port: String(port) }).href,
    shut() {
      gate = Promise.withResolvers()
      waiting = Promise.withResolvers()
    },
    answered: () => waiting.promise,
    open: () => gate.resolve(),
    async stop() {
      gate.resolve()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
