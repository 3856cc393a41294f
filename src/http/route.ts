import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { App } from '../app.ts'
import { type ProblemCode, problem } from '../problems.ts'
import {
  type Actor,
  type Caller,
  isAtLeast,
  type MemberActor,
  type OperatorActor,
  type Role,
  type UserActor,
} from './actor.ts'
import type { FromMemory } from './memory.ts'
import { plainAddress, shortUserAgent } from './origin.ts'
import type { Server } from './server.ts'

/**
 * Who may call an operation. A contract without it does not compile.
 * `anyone` carries no identity; `user` is signed in; `{ member }` is signed in to an account with at least
 * that role; `operator` is staff.
 */
export type Access = 'anyone' | 'user' | { member: Role } | 'operator'

type ActorOf<A extends Access> = A extends 'anyone'
  ? { kind: 'anyone' }
  : A extends 'user'
    ? UserActor
    : A extends 'operator'
      ? OperatorActor
      : MemberActor

/** What an operation promises on the wire; openapi.json is made of these. */
export interface Contract {
  operationId: string
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  url: string
  access: Access
  summary: string
  params?: TSchema
  query?: TSchema
  body?: TSchema
  /** The schema of each success; null is an empty reply. */
  replies: Record<number, TSchema | null>
  /** Codes of refusals beyond those every operation has. */
  refusals?: ProblemCode[]
}

type Parsed<S> = S extends TSchema ? Static<S> : undefined

/** What a handler is told. `at` is read from the app's clock once, when the request came in. */
export interface Call<C extends Contract> {
  caller: Caller<ActorOf<C['access']>>
  params: Parsed<C['params']>
  query: Parsed<C['query']>
  body: Parsed<C['body']>
  at: Date
  request: FastifyRequest
  reply: FastifyReply
}

export type Handler<C extends Contract> = (call: Call<C>) => Promise<unknown>

/** Turns the bearer of an access token into an actor; implemented in src/access. */
export interface Authenticator {
  user(request: FastifyRequest, at: Date): Promise<UserActor>
  member(request: FastifyRequest, at: Date): Promise<MemberActor>
  operator(request: FastifyRequest, at: Date): Promise<OperatorActor>
}

/** Memory knows members, not their roles, so only what every member may ask can be answered from it. */
type FromMemoryOf<A extends Access> = A extends { member: 'viewer' } ? FromMemory : never

/**
 * Puts one operation on the server: validated, authorised, then handled. `fromMemory` is asked before all that,
 * and answers what is asked most often where it can do so from memory.
 */
export function route<const C extends Contract>(
  server: Server,
  app: App,
  contract: C,
  handler: Handler<C>,
  fromMemory?: FromMemoryOf<C['access']>,
): void {
  server.contracts.push(contract)
  if (fromMemory) server.memory.add(contract, fromMemory)
  const authorize = authorizerOf(server.authenticator, contract.access)
  server.fastify.route({
    method: contract.method,
    url: contract.url,
    schema: schemaOf(contract),
    config: { operationId: contract.operationId },
    async handler(request, reply) {
      const at = app.now()
      const actor = await authorize(request, at)
      const { ip, headers, id, params, query, body } = request
      const caller = {
        actor,
        ip: plainAddress(ip),
        userAgent: shortUserAgent(headers['user-agent']),
        requestId: id,
      }
      return handler({ caller, params, query, body, at, request, reply } as unknown as Call<C>)
    },
  })
}

const anyone = { kind: 'anyone' } as const

function authorizerOf(
  authenticator: Authenticator,
  access: Access,
): (request: FastifyRequest, at: Date) => Promise<Actor> {
  if (access === 'anyone') return async () => anyone
  if (access === 'user') return authenticator.user.bind(authenticator)
  if (access === 'operator') return authenticator.operator.bind(authenticator)
  return async (request, at) => {
    const actor = await authenticator.member(request, at)
    if (isAtLeast(actor.role, access.member)) return actor
    throw problem('forbidden', undefined, {
      detail: `This takes the role ${access.member} or a higher one; yours is ${actor.role}.`,
    })
  }
}

function schemaOf(contract: Contract): NonNullable<RouteOptions['schema']> {
  const { operationId, summary, url, access, params, query, body, replies, refusals = [] } = contract
  const empty = { type: 'null', description: 'Empty' }
  return {
    operationId,
    summary,
    tags: [tagOf(url)],
    ...(access !== 'anyone' && { security: [{ accessToken: [] }] }),
    description: describeAccess(access),
    ...(params && { params }),
    ...(query && { querystring: query }),
    ...(takesBody(contract) && { body: body ?? noFields }),
    response: {
      ...Object.fromEntries(Object.entries(replies).map(([status, schema]) => [status, schema ?? empty])),
      ...refusalsOf(contract, refusals),
    },
  }
}

const noFields = { type: 'object', additionalProperties: false, properties: {} }

function takesBody({ method, body }: Contract): boolean {
  return body !== undefined || method === 'POST'
}

function tagOf(url: string): string {
  return url.match(/^\/v1\/([^/]+)/)?.[1] ?? 'operations'
}

function describeAccess(access: Access): string {
  if (access === 'anyone') return 'Open to anyone.'
  if (access === 'user') return 'For a signed-in user.'
  if (access === 'operator') return 'For operators.'
  return access.member === 'viewer'
    ? 'For members of the current account.'
    : `For members of the current account with the role ${access.member} or a higher one.`
}

function refusalsOf(contract: Contract, codes: ProblemCode[]): Record<string, object> {
  const withInput = contract.params || contract.query || takesBody(contract)
  const all = new Set<ProblemCode>([
    ...(withInput ? (['invalid-request'] as const) : []),
    ...(contract.access === 'anyone' ? [] : (['unauthenticated', 'session-expired'] as const)),
    ...(typeof contract.access === 'object' ? (['forbidden', 'account-closed'] as const) : []),
    ...codes,
  ])
  return {
    default: {
      description: [...all].map((code) => `\`${code}\``).join(', ') || 'A problem',
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    },
  }
}
