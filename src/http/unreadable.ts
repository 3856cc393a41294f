import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { problem } from '../problems.ts'
import { problemBody } from './renderProblem.ts'

/** Answers what never became a request, in the words of a problem, and hangs up. Where an answer has begun, it is the last. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  if (hasBegunToAnswer(socket)) return void socket.destroySoon()
  const { status, reason, refusal } = refusalOf(error.code)
  const body = JSON.stringify({ ...problemBody(refusal, randomUUID()), status })
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** What Node itself keeps beside a connection: the answer that is being written, and the request that was read last. */
interface Wire extends Socket {
  _httpMessage?: ServerResponse | null
  parser?: { incoming: IncomingMessage | null } | null
}

/** A request may be answered, in part or whole, before the rest of it turns out to be unreadable. */
function hasBegunToAnswer({ _httpMessage: answer, parser }: Wire): boolean {
  if (answer) return answer.headersSent
  return parser?.incoming?.complete === false
}

/** Answers a request that does not say whom it is for, which RFC 9112 has refused, and hangs up. */
export function refuseWithoutHost(response: ServerResponse): void {
  const detail = 'The request has no Host header.'
  const body = JSON.stringify({ ...problemBody(unfit(detail), randomUUID()), status: 400 })
  response
    .writeHead(400, {
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    .end(body)
}

function refusalOf(code: string | undefined) {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, reason: 'Request Header Fields Too Large', refusal: problem('headers-too-large') }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, reason: 'Request Timeout', refusal: unfit('The request did not arrive in time.') }
    default:
      return { status: 400, reason: 'Bad Request', refusal: unfit('This is not HTTP.') }
  }
}

const unfit = (detail: string) =>
  problem('invalid-request', { errors: [{ pointer: '#', detail }] }, { detail })
