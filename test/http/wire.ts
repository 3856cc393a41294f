import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestApp } from '../support/testApp.ts'

/** Lets a test app listen on a free port of loopback, and returns its origin. */
export async function listen(t: TestApp): Promise<string> {
  return t.fastify.listen({ host: '127.0.0.1', port: 0 })
}

/** A connection on which a test says what no client library would. */
export async function dial(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Everything that comes until the other side hangs up. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => (text += chunk))
  if (!socket.closed) await once(socket, 'close')
  return text
}

/** Sends bytes on a connection of their own and returns the answer. */
export async function sayRaw(origin: string, text: string): Promise<string> {
  const socket = await dial(origin)
  const answer = readToEnd(socket)
  socket.write(text, 'latin1')
  return answer
}

/** Splits an answer into its status, its headers and its body, which is JSON. */
export function readAnswer(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2)
  const [first = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  return { status: Number(first.split(' ')[1]), headers, body: JSON.parse(body) as Record<string, unknown> }
}
