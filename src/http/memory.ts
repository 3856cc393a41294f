import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { App } from '../app.ts'
import type { CrossOrigin } from './crossOrigin.ts'
import { recordRequest } from './recordRequest.ts'

/** A request as far as memory looks at it. */
export interface Asked {
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  /** What stands behind the question mark, as it was sent. */
  query: string
}

/** A success, ready to be written. */
export interface Answer {
  status: 200 | 304
  headers: Record<string, string>
  /** Null for one that has none, as a 304. */
  body: string | null
}

/**
 * The answer to a request whose caller and reply are both remembered. Null for everything else: what has to be
 * read, refused or explained takes the way through the router, where this is not repeated but done in full. It
 * authorises the caller itself.
 */
export type FromMemory = (asked: Asked, at: Date) => Answer | null

/** What memory has to know of the contract of an operation. */
interface Remembered {
  operationId: string
  method: string
  alsoBy?: string[]
  url: string
}

/**
 * Answers requests without a body before the router sees them. Guards ask on each request of a product, and a way through
 * parsing, hooks and serialising costs three times what the answer itself does.
 */
export class Memory {
  readonly #app: App
  readonly #securityHeaders: Record<string, string>
  readonly #crossOrigin: CrossOrigin
  readonly #operations = new Map<string, { operation: string; methods: string[]; answer: FromMemory }>()

  constructor(app: App, securityHeaders: Record<string, string>, crossOrigin: CrossOrigin) {
    this.#app = app
    this.#securityHeaders = securityHeaders
    this.#crossOrigin = crossOrigin
  }

  add({ operationId, method, alsoBy = [], url }: Remembered, answer: FromMemory): void {
    this.#operations.set(url, { operation: operationId, methods: [method, ...alsoBy], answer })
  }

  /** Answers, or returns false and has done nothing. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = '', url = '', headers, rawHeaders } = request
    const mark = url.indexOf('?')
    const known = this.#operations.get(mark < 0 ? url : url.slice(0, mark))
    if (!known?.methods.includes(method) || hasBody(headers)) return false
    const began = performance.now()
    const query = mark < 0 ? '' : url.slice(mark + 1)
    const answer = answerOrNull(known.answer, { headers, rawHeaders, query }, this.#app.now())
    if (!answer) return false
    this.#write(response, answer, this.#crossOrigin.headersFor(url, headers.origin))
    const ms = performance.now() - began
    const { operation } = known
    recordRequest(this.#app, { requestId: randomUUID(), operation, method, status: answer.status, ms })
    return true
  }

  #write(
    response: ServerResponse,
    { status, headers, body }: Answer,
    crossOrigin: Record<string, string>,
  ): void {
    const length = body === null ? undefined : { 'content-length': Buffer.byteLength(body) }
    response.writeHead(status, { ...this.#securityHeaders, ...crossOrigin, ...headers, ...length }).end(body)
  }
}

/** A proxy that keeps the body to itself may say so with a length of 0. */
function hasBody({ 'transfer-encoding': encoding, 'content-length': length = '0' }: IncomingHttpHeaders) {
  return encoding !== undefined || length !== '0'
}

/** Nothing catches what is thrown here but the end of the process; the router turns the same fault into a 500. */
function answerOrNull(answer: FromMemory, asked: Asked, at: Date): Answer | null {
  try {
    return answer(asked, at)
  } catch {
    return null
  }
}
