import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'

/** Makes the next request of a connection, given the body of the reply before it. */
export type Next = (connection: number, lastBody: string | undefined) => string

export interface Load {
  server: { port: number; cpuMs: () => number }
  connections: number
  seconds: number
  next: Next
}

export interface Measured {
  perSecond: number
  /** Milliseconds from the request to the whole reply. */
  p50: number
  p99: number
  /** What a request cost the server's process, all its threads together; 0 where that cannot be told. */
  cpuMicros: number
  /** The share of the time in which this process was busy: near 1 it measures itself. */
  generatorBusy: number
}

const WARM_UP_MS = 200

/** Keeps every connection busy with one request at a time; anything but a 2xx reply is an error. */
export async function drive({ server, connections, seconds, next }: Load): Promise<Measured> {
  const begins = performance.now() + WARM_UP_MS
  const ends = begins + seconds * 1000
  const idleBefore = performance.eventLoopUtilization()
  const cpuBefore = server.cpuMs()
  const took: number[] = []
  let replies = 0
  const onReply = (sentAt: number, at: number): boolean => {
    replies++
    if (at >= begins && at < ends) took.push(at - sentAt)
    return at < ends
  }
  await Promise.all(
    Array.from({ length: connections }, (_, connection) => converse(server.port, connection, next, onReply)),
  )
  took.sort((a, b) => a - b)
  return {
    perSecond: took.length / seconds,
    p50: took[Math.floor(took.length * 0.5)] ?? Number.NaN,
    p99: took[Math.floor(took.length * 0.99)] ?? Number.NaN,
    cpuMicros: ((server.cpuMs() - cpuBefore) * 1000) / replies,
    generatorBusy: performance.eventLoopUtilization(idleBefore).utilization,
  }
}

/** A request as it goes over the wire. Text is one byte a character, so bodies are kept to ASCII. */
export function request(
  method: 'GET' | 'POST',
  path: string,
  {
    token = '',
    body = '',
    headers = {},
  }: { token?: string; body?: string; headers?: Record<string, string> } = {},
): string {
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'user-agent: bench',
    ...(token && [`authorization: Bearer ${token}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body && ['content-type: application/json', `content-length: ${body.length}`]),
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

function converse(
  port: number,
  connection: number,
  next: Next,
  onReply: (sentAt: number, at: number) => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  let received = ''
  let sent = ''
  let sentAt = 0
  const send = (lastBody?: string) => {
    sent = next(connection, lastBody)
    sentAt = performance.now()
    socket.write(sent, 'latin1')
  }
  socket.on('connect', () => send())
  socket.on('error', reject)
  socket.on('close', () => reject(new Error(`Port ${port} closed the connection`)))
  socket.on('data', (chunk: string) => {
    received += chunk
    const reply = readReply(received)
    if (!reply) return
    received = ''
    if (!reply.status.startsWith('2')) {
      reject(new Error(`${sent.split('\r\n')[0]} was answered ${reply.status}: ${reply.body}`))
    } else if (onReply(sentAt, performance.now())) return send(reply.body)
    else resolve()
    socket.destroy()
  })
  return promise
}

function readReply(text: string): { status: string; body: string } | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? '0'
  const body = text.slice(headEnd + 4)
  return body.length >= Number(length) ? { status: text.slice(9, 12), body } : undefined
}
