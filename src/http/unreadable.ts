import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { problem } from '../problems.ts'
import { problemBody } from './renderProblem.ts'

/** Answers what never became a request, in the words of a problem, and hangs up. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
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
