import type { IncomingHttpHeaders } from 'node:http'
import type { Log } from '../../../src/http/log.ts'
import type { Operation } from '../operation.ts'
import { rateLimited, StripeRefusal } from '../refusal.ts'
import type { Store } from '../store.ts'
import { type Moment, newId } from '../world.ts'
import { apiVersion } from './apiVersion.ts'
import { authorise } from './authorise.ts'
import { expand, type Includables } from './expand.ts'
import type { Fault, Faults } from './faults.ts'
import { findReply, type KeyedRequest, keepReply, keyedRequest } from './idempotency.ts'
import { parseParams, type RawParams, readParams } from './readParams.ts'
import { type Reply, renderRefusal, unknownError } from './renderRefusal.ts'
import type { LoggedRequest, RequestLog } from './requestLog.ts'
import type { Found } from './routes.ts'

/** What requests are answered from. */
export interface Engine {
  store: Store
  secretKeys: (string | undefined)[]
  includables: Includables
  faults: Faults
  requests: RequestLog
  /** Keys whose answers are still held back. */
  keysInUse: Set<string>
  log: Log
  now(): Date
  findOperation(method: string, path: string): Found | undefined
  openWorld(seconds: number, request: { id: string; idempotency_key: string | null }): Moment
}

export interface Incoming {
  method: string
  path: string
  query: string
  body: string
  headers: IncomingHttpHeaders
}

export interface Answer extends Reply {
  /** What the transport has still to do with it. */
  fault: Fault | undefined
  /** Lets go of the request's key once it was answered. */
  release(): void
}

/** Does what is asked in one change of the store, and answers as Stripe does; throws nothing. */
export function answerRequest(engine: Engine, incoming: Incoming): Answer {
  const { method, path, headers } = incoming
  const key = headers['idempotency-key']?.toString()
  const raw = parseParams([incoming.query, incoming.body].filter(Boolean).join('&'))
  const logged: LoggedRequest = {
    id: newId('req', 14),
    at: engine.now(),
    method,
    path,
    params: raw,
    application: applicationOf(headers),
    idempotency_key: key ?? null,
    status: null,
    replayed: false,
    fault: null,
  }
  engine.requests.add(logged)
  const fault: { taken?: Fault | undefined } = {}
  const reply = catching(engine, () => replyTo(engine, incoming, raw, logged, fault))
  const { taken } = fault
  logged.fault = taken?.kind ?? null
  const answered = taken?.kind === 'error-after-commit' ? renderRefusal(unknownError(), engine.log) : reply
  if (taken?.kind !== 'timeout-after-commit') logged.status = answered.status
  const isHeld = taken?.kind === 'late' && method === 'POST' && key !== undefined
  if (isHeld) engine.keysInUse.add(key)
  return {
    status: answered.status,
    headers: {
      'request-id': logged.id,
      'stripe-version': apiVersion,
      ...(key !== undefined && { 'idempotency-key': key }),
      ...answered.headers,
    },
    body: answered.body,
    fault: taken,
    release: () => void (isHeld && engine.keysInUse.delete(key)),
  }
}

/** `Stripe/v1 NodeBindings/23.1.0 Frontgate/1.0 (https://…) AIAgent/…` is of Frontgate. */
function applicationOf({ 'user-agent': agent = '' }: IncomingHttpHeaders): string | null {
  const [sdk = '', , name = 'AIAgent'] = agent.split(' ').map((part) => part.split('/')[0])
  return sdk === 'Stripe' && name !== 'AIAgent' ? name : null
}

function catching(engine: Engine, work: () => Reply): Reply {
  try {
    return work()
  } catch (error) {
    return renderRefusal(error, engine.log)
  }
}

function replyTo(
  engine: Engine,
  { method, path, body, headers }: Incoming,
  raw: RawParams,
  logged: LoggedRequest,
  fault: { taken?: Fault | undefined },
): Reply {
  authorise(headers, engine.secretKeys)
  const found = engine.findOperation(method, path)
  if (!found) throw unrecognised(method, path)
  fault.taken = engine.faults.take(method, path)
  if (fault.taken?.kind === 'rate-limit') throw rateLimited('endpoint-rate')
  checkContentType(body, headers)
  const { params, expand: paths } = readParams(found.operation.params, raw)
  logged.params = paths.length > 0 ? { ...params, expand: paths } : params
  const keyed = keyedRequest(method, path, raw, logged.idempotency_key ?? undefined)
  const seconds = Math.floor(logged.at.getTime() / 1000)
  const kept = keyed && findKept(engine, keyed, seconds)
  if (kept) {
    logged.replayed = true
    const replayed = { 'idempotent-replayed': 'true', 'original-request': kept.request_id }
    return { status: kept.status, body: kept.body, headers: replayed }
  }
  if (fault.taken?.kind === 'error') {
    const { status, body } = renderRefusal(unknownError(), engine.log)
    const failure = { status, body, request_id: logged.id }
    if (keyed) engine.store.change(() => keepReply(engine.store, keyed, failure, seconds))
    return { status, body, headers: {} }
  }
  const request = { id: logged.id, idempotency_key: logged.idempotency_key }
  const world = engine.openWorld(seconds, request)
  return perform(engine, found, params, paths, world, keyed && { keyed, request_id: logged.id, seconds })
}

function findKept(engine: Engine, keyed: KeyedRequest, seconds: number) {
  if (engine.keysInUse.has(keyed.key)) throw keyInUse(keyed.key)
  return findReply(engine.store, keyed, seconds)
}

interface Keeping {
  keyed: KeyedRequest
  request_id: string
  seconds: number
}

/** The answer to a key is kept in the same change as the work, or alone when the work was undone. */
function perform(
  engine: Engine,
  { operation, path }: Found,
  params: RawParams,
  paths: string[],
  world: Moment,
  keeping: Keeping | null,
): Reply {
  const keep = (reply: Reply) => {
    if (keeping && mayKeep(reply)) {
      const { keyed, request_id, seconds } = keeping
      keepReply(engine.store, keyed, { status: reply.status, body: reply.body, request_id }, seconds)
    }
    return reply
  }
  try {
    return engine.store.change(() => {
      const work = () => runOperation(engine, operation, world, params, path, paths)
      return keep(catchingKept(engine, work))
    })
  } catch (error) {
    const reply = renderRefusal(error, engine.log)
    const isAboutExpand = error instanceof StripeRefusal && error.options.param === 'expand'
    return isAboutExpand ? reply : engine.store.change(() => keep(reply))
  }
}

function catchingKept(engine: Engine, work: () => Reply): Reply {
  try {
    return work()
  } catch (error) {
    if (error instanceof StripeRefusal && error.options.keepsChanges) return renderRefusal(error, engine.log)
    throw error
  }
}

function runOperation(
  { includables }: Engine,
  { handle, path: pattern }: Operation,
  world: Moment,
  params: RawParams,
  path: Record<string, string>,
  paths: string[],
): Reply {
  const held = handle(world, params, path) as { object?: string; url?: string }
  const url = pattern.replace(/:(\w+)/g, (_whole, name: string) => path[name] ?? '')
  const answer = held.object === 'list' && held.url === '' ? { ...held, url } : held
  return { status: 200, headers: {}, body: JSON.stringify(expand(world, includables, answer, paths)) }
}

// Stripe does not keep what may succeed when it is tried again: https://docs.stripe.com/api/idempotent_requests
const mayKeep = ({ status }: Reply) => status !== 409 && status !== 429

function checkContentType(body: string, { 'content-type': type = '' }: IncomingHttpHeaders): void {
  if (body === '' || type.startsWith('application/x-www-form-urlencoded')) return
  throw new StripeRefusal(
    'Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.',
  )
}

function unrecognised(method: string, path: string): StripeRefusal {
  return new StripeRefusal(
    `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    { status: 404 },
  )
}

/** https://docs.stripe.com/error-codes#idempotency-key-in-use */
function keyInUse(key: string): StripeRefusal {
  return new StripeRefusal(
    `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
    { status: 409, type: 'idempotency_error', code: 'idempotency_key_in_use' },
  )
}
