import type { IncomingHttpHeaders } from 'node:http'

/** What pages send beside the headers that every page may; `last-event-id` is for servers. */
const ASKED_HEADERS = 'authorization, content-type, if-none-match'
const METHODS = 'GET, POST, PUT, PATCH, DELETE'
/** What a page could not read otherwise: when to try again, which copy this is, what a token lacks, how a file is called. */
const READ_HEADERS = 'content-disposition, etag, retry-after, www-authenticate'
/** The most that any browser keeps (Chromium). */
const PREFLIGHT_SECONDS = '7200'

const none: Record<string, string> = {}

/**
 * Which pages of other origins a browser may let read our answers: those of the product, letter by letter. All others
 * are told nothing. A few lines rather than @fastify/cors, which answers from memory do not pass: both take the same ready
 * objects from here.
 */
export class CrossOrigin {
  readonly #answers: ReadonlyMap<string | undefined, Record<string, string>>
  /** Caches must not hand to one origin what was said to another, also where this time nobody asked from one. */
  readonly #others: Record<string, string>

  constructor(productOrigins: readonly string[]) {
    this.#others = productOrigins.length > 0 ? { vary: 'origin' } : none
    this.#answers = new Map(productOrigins.map((origin) => [origin, answerFor(origin)]))
  }

  /** What goes onto the answer to a request for `url` by a page of `origin`. */
  headersFor(url: string, origin: string | undefined): Record<string, string> {
    if (!isForPages(url)) return none
    return this.#answers.get(origin) ?? this.#others
  }

  /** What allows the request that a browser asks about first; null where nothing is allowed, or nothing was asked. */
  preflightHeadersFor(
    url: string,
    { origin, 'access-control-request-method': method }: IncomingHttpHeaders,
  ): Record<string, string> | null {
    if (method === undefined || !isForPages(url) || !this.#answers.has(origin)) return null
    return {
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': ASKED_HEADERS,
      'access-control-max-age': PREFLIGHT_SECONDS,
    }
  }
}

function answerFor(origin: string): Record<string, string> {
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': READ_HEADERS,
  }
}

/**
 * The API; but not where people are navigated through on their way to Google and back, nor what keeps operators signed in,
 * which is for our own pages, nor what proxies ask: to one that hands a preflight on, as Envoy does, a 204 would say that the
 * request may pass. Second factors are read and proved from pages of the product, and changed on ours alone.
 */
function isForPages(url: string): boolean {
  const path = pathOf(url)
  if (notForPages.some((start) => path.startsWith(start)) && !provingFactors.has(path)) return false
  return path.startsWith('/v1/') || path.startsWith('/.well-known/')
}

const notForPages = ['/v1/auth/oauth/', '/v1/forward-auth', '/v1/operator/auth/', '/v1/me/factors/']
const provingFactors = new Set(['/v1/me/factors/question', '/v1/me/factors/prove'])

/** As routes are found by it: whatever is written with percent signs is read first. */
function pathOf(url: string): string {
  const [path = ''] = url.split('?', 1)
  if (!path.includes('%')) return path
  try {
    return decodeURI(path)
  } catch {
    return ''
  }
}
