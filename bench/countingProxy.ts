import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Long enough for everything that is sent together to have been sent before the first answer arrives. */
const ANSWERS_LATE_MS = 20
const QUERY = 0x51
const EXECUTE = 0x45

export interface Counts {
  /** How often something was sent after an answer, whatever the connection. */
  roundTrips: number
  /** Executed statements, BEGIN and COMMIT among them. */
  statements: number
}

export interface CountingProxy {
  /** The database through the proxy. */
  url: string
  /** What has passed since the last call; meaningful when the service handles one request at a time. */
  take: () => Counts
  close: () => void
}

/** Stands between the service and PostgreSQL and counts on the wire. */
export async function startCountingProxy(databaseUrl: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let counts: Counts = { roundTrips: 0, statements: 0 }
  let isAnswered = true

  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy()).on('close', () => other.destroy())
    }
    const countStatements = statementCounter()
    let isCounted: boolean | undefined
    client.setNoDelay().on('data', (sent) => {
      // What tells other processes of commits goes over a connection of its own, and no request waits for it.
      isCounted ??= !sent.includes('frontgate changes')
      if (!isCounted) return void upstream.write(sent)
      if (isAnswered) counts.roundTrips++
      isAnswered = false
      counts.statements += countStatements(sent)
      upstream.write(sent)
    })
    upstream.on('data', (answer) => {
      if (isCounted === false) return void client.write(answer)
      setTimeout(() => {
        isAnswered = true
        client.write(answer)
      }, ANSWERS_LATE_MS)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = Object.assign(new URL(databaseUrl), {
    port: String((server.address() as AddressInfo).port),
  }).href
  return {
    url,
    take() {
      const taken = counts
      counts = { roundTrips: 0, statements: 0 }
      return taken
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Follows the messages of one client: the first has a length only, later ones a type before it. */
function statementCounter(): (sent: Buffer) => number {
  let rest: Buffer = Buffer.alloc(0)
  let typeBytes = 0
  return (sent) => {
    rest = Buffer.concat([rest, sent])
    let statements = 0
    while (rest.length >= typeBytes + 4) {
      const length = typeBytes + rest.readInt32BE(typeBytes)
      if (rest.length < length) break
      if (typeBytes === 1 && (rest[0] === QUERY || rest[0] === EXECUTE)) statements++
      rest = rest.subarray(length)
      typeBytes = 1
    }
    return statements
  }
}
