import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, { type FastifyInstance } from 'fastify'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'
import { closeWithoutWaitingForClients, type Departure } from './closing.ts'
import { compileSchemas } from './compileSchemas.ts'
import { CrossOrigin } from './crossOrigin.ts'
import { Memory } from './memory.ts'
import { boundPipelines } from './pipelines.ts'
import { recordRouted } from './recordRequest.ts'
import { makeErrorHandler } from './renderProblem.ts'
import type { Authenticator, Contract } from './route.ts'
import { sharedSchemas, sharedWebhooks } from './schemas.ts'
import { traceRequests } from './traceRequests.ts'
import { refuseUnknownRoutes, type UnknownRoutes } from './unknownRoutes.ts'
import { refuseUnreadable, refuseWithoutHost } from './unreadable.ts'

/** What operations are put on: the HTTP server, and who tells it who is calling. */
export interface Server {
  fastify: FastifyInstance
  authenticator: Authenticator
  memory: Memory
  departure: Departure
  /** What is shown where nothing is. */
  unknown: UnknownRoutes
  /** Of every operation that is on it, in their order. */
  contracts: Contract[]
  /** What becomes of each request: from memory, or else by the router. */
  handle: (request: IncomingMessage, response: ServerResponse) => void
}

const BODY_BYTES = 64 * 1024
const HEADER_BYTES = 16 * 1024
/** A connection on which nothing has moved for this long is cut: its client reads nothing of what was asked for. */
const IDLE_MS = 60_000
const HTTP_LIMITS = {
  maxHeaderSize: HEADER_BYTES,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 75_000,
  // Node's own refusal of a request without one is no problem of ours.
  requireHostHeader: false,
}

/** A server without operations: parsing, limits, security headers, problems, logs and metrics. */
export async function makeServer(app: App, authenticator: Authenticator): Promise<Server> {
  const { config } = app
  const securityHeaders = securityHeadersAt(config.publicUrl)
  const crossOrigin = new CrossOrigin(config.productOrigins)
  const memory = new Memory(app, securityHeaders, crossOrigin)
  const server = fastify({
    // An expectation that nobody knows is not met, as RFC 9110 allows: Node's own refusal is no problem of ours either.
    serverFactory: () => createServer(HTTP_LIMITS, handle).on('checkExpectation', handle).setTimeout(IDLE_MS),
    genReqId: () => randomUUID(),
    // Only as many proxies as are ours: what stands further left in X-Forwarded-For anybody can write.
    trustProxy:
      config.trustedProxyHops > 0 && ((_address: string, hop: number) => hop < config.trustedProxyHops),
    bodyLimit: BODY_BYTES,
    // Fastify's own answers to these two are no problems of ours, and escape the log.
    routerOptions: { maxParamLength: HEADER_BYTES },
    rewriteUrl: ({ url = '/' }) => (isDecodable(url) ? url : '/undecodable'),
    forceCloseConnections: 'idle',
    // Its 503 is not a problem of ours, and what has arrived by then can be answered.
    return503OnClosing: false,
    clientErrorHandler: refuseUnreadable,
    logger: false,
  })
  const asksTooMuchAtOnce = boundPipelines()
  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (asksTooMuchAtOnce(request.socket, response)) return void request.socket.destroy()
    if (lacksHost(request)) refuseWithoutHost(response)
    // While it goes, all is left to the router, which tells connections to end.
    else if (departure.hasBegun || !memory.answer(request, response)) server.routing(request, response)
  }
  server.setErrorHandler(makeErrorHandler(app))
  const departure = closeWithoutWaitingForClients(server)
  readJsonBodies(server)
  compileSchemas(server)
  observe(server, app)
  for (const schema of sharedSchemas) server.addSchema(schema)
  await server.register(cookie)
  sendSecurityHeaders(server, securityHeaders)
  letProductsRead(server, crossOrigin)
  const unknown = refuseUnknownRoutes(server)
  await describe(server, app)
  // A Fastify instance is a PromiseLike; it is handed over, not awaited.
  return { fastify: server, authenticator, memory, departure, unknown, contracts: [], handle }
}

const lacksHost = ({ headers, httpVersion }: IncomingMessage) =>
  headers.host === undefined && httpVersion === '1.1'

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '')
    return true
  } catch {
    return false
  }
}

// What OWASP asks of an API's replies. Fixed, since @fastify/helmet works its headers out anew for each reply,
// which costs as much as all the rest of a request that is answered from memory.
const SECURITY_HEADERS = {
  // Whatever may be kept says so itself.
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

function securityHeadersAt(publicUrl: string): Record<string, string> {
  if (!publicUrl.startsWith('https:')) return SECURITY_HEADERS
  return { ...SECURITY_HEADERS, 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
}

function sendSecurityHeaders(server: FastifyInstance, headers: Record<string, string>): void {
  server.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}

/** On every answer, so that a page of the product can read why it was refused. Preflights end here: they carry no credentials. */
function letProductsRead(server: FastifyInstance, crossOrigin: CrossOrigin): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { method, url, headers } = request
    reply.headers(crossOrigin.headersFor(url, headers.origin))
    const allowed = method === 'OPTIONS' && crossOrigin.preflightHeadersFor(url, headers)
    if (!allowed) return done()
    reply.code(204).headers(allowed).send()
  })
}

function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, {})
    else void parse(request, body as string, done)
  })
  // An operation without fields may be called without a body.
  server.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.method !== 'GET') request.body = {}
    done()
  })
  server.addHook('preHandler', ({ body, params, query }, _reply, done) => {
    const isFit = !holdsNul(body) && !holdsNul(params) && !holdsNul(query)
    done(isFit ? undefined : problem('invalid-request', { errors: [nulFault] }))
  })
}

const nulFault = { pointer: '#', detail: 'holds the character U+0000, which cannot be stored' }

/** Looked for after validation, which has bounded the depth. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return false
  for (const member of Object.values(value)) if (holdsNul(member)) return true
  return false
}

function observe(server: FastifyInstance, app: App): void {
  if (app.tracing) traceRequests(server, app.tracing)
  server.addHook('onResponse', (request, reply, done) => {
    recordRouted(app, request, reply)
    done()
  })
}

const logo = {
  type: 'image/svg+xml',
  content: `<svg xmlns="http://www.w3.org/2000/svg" width="150" height="40" viewBox="0 0 150 40">
<text x="0" y="27" fill="#fff" font-family="system-ui,sans-serif" font-size="22" font-weight="600">Frontgate</text></svg>`,
  href: '/docs',
  target: '_self' as const,
}

async function describe(server: FastifyInstance, app: App): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Frontgate',
        version: app.config.version,
        description:
          'Sign-up, billing and entitlements beside your product. Errors are RFC 9457 problem details.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          productKey: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'fg_…',
            description:
              'A key of the product’s own server. With it, `account_id` says which account is meant.',
          },
        },
      },
      webhooks: sharedWebhooks,
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, i) => String(schema.$id ?? `schema${i}`) },
  })
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    logo,
    theme: { title: 'Frontgate API' },
  })
  // The same bytes for everybody: whoever asks often and reads slowly holds none of their own.
  let contract: Buffer | undefined
  server.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    contract ??= Buffer.from(JSON.stringify(server.swagger()))
    return reply.type('application/json; charset=utf-8').send(contract)
  })
}
