import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { App } from '../app.ts'
import { type ProblemCode, problem } from '../problems.ts'
import {
  type Actor,
  type Caller,
  isAtLeast,
  isOperatorAtLeast,
  type MemberActor,
  type OperatorRole,
  type ProductKeyActor,
  type Role,
  type Scope,
  type SignedInOperator,
  type UserActor,
} from './actor.ts'
import type { FromMemory } from './memory.ts'
import { plainAddress, shortUserAgent } from './origin.ts'
import type { Server } from './server.ts'
import { withinRequest } from './traceRequests.ts'

/**
 * Who may call an operation. A contract without it does not compile.
 * `anyone` carries no identity; `user` is signed in; `{ member }` is signed in to an account with at least
 * that role, or with `productKey` a product's server whose key has that scope, which alone is nobody but that server;
 * `{ operator }` is staff with at least that role; with `isSetUp` also those who have to set up a second factor first.
 * `isRead` has the member read from the database for this call, whatever is remembered; `isUnproved` lets in whoever lacks the
 * second factor that the account asks for.
 */
export type Access =
  | 'anyone'
  | 'user'
  | { member: Role; productKey?: Scope; isRead?: true; isUnproved?: true }
  | { productKey: Scope }
  | { operator: OperatorRole; isSetUp?: true }

type ActorOf<A extends Access> = A extends 'anyone'
  ? { kind: 'anyone' }
  : A extends 'user'
    ? UserActor
    : A extends { operator: OperatorRole }
      ? SignedInOperator
      : A extends { member: Role; productKey: Scope }
        ? MemberActor | ProductKeyActor
        : A extends { member: Role }
          ? MemberActor
          : ProductKeyActor

/** What an operation promises on the wire; openapi.json is made of these. */
export interface Contract {
  operationId: string
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Methods with which it may be asked as well, and does the same; openapi.json leaves them out. */
  alsoBy?: ('POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS')[]
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

/** Turns the bearer of an access token, or of a product key, into an actor; implemented in src/access. */
export interface Authenticator {
  user(request: FastifyRequest, at: Date): Promise<UserActor>
  /** With `isRead` it is as the database has it now, in one round trip. */
  member(
    request: FastifyRequest,
    at: Date,
    how?: { isRead?: boolean; isUnproved?: boolean },
  ): Promise<MemberActor>
  operator(request: FastifyRequest, at: Date): Promise<SignedInOperator>
  /** Null when what the request carries is not written as a product key is; 401 for one that opens nothing. */
  productKey(request: FastifyRequest, at: Date): Promise<ProductKeyActor | null>
  /** 401 for whatever else it carries, an access token among it. */
  onlyProductKey(request: FastifyRequest, at: Date): Promise<ProductKeyActor>
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
  async function answer(request: FastifyRequest, reply: FastifyReply) {
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
  }
  const options = {
    url: contract.url,
    schema: schemaOf(contract),
    config: { operationId: contract.operationId } as object,
    handler: app.tracing
      ? (request: FastifyRequest, reply: FastifyReply) =>
          withinRequest(app.tracing, request, () => answer(request, reply))
      : answer,
  }
  server.fastify.route({ ...options, method: contract.method })
  const { alsoBy } = contract
  if (alsoBy) server.fastify.route({ ...options, method: alsoBy, schema: { ...options.schema, hide: true } })
}

const anyone = { kind: 'anyone' } as const

type Authorizer = (request: FastifyRequest, at: Date) => Promise<Actor>

function authorizerOf(authenticator: Authenticator, access: Access): Authorizer {
  if (access === 'anyone') return async () => anyone
  if (access === 'user') return authenticator.user.bind(authenticator)
  if ('operator' in access) return operatorWith(authenticator, access)
  if (!('member' in access)) return onlyProductKey(authenticator, access.productKey)
  const member = memberWith(authenticator, access)
  return access.productKey ? productKeyOr(member, authenticator, access.productKey) : member
}

function memberWith(
  authenticator: Authenticator,
  { member: least, ...how }: { member: Role; isRead?: true; isUnproved?: true },
): Authorizer {
  return async (request, at) => {
    const actor = await authenticator.member(request, at, how)
    if (isAtLeast(actor.role, least)) return actor
    throw problem('forbidden', undefined, {
      detail: `This takes the role ${least} or a higher one; yours is ${actor.role}.`,
    })
  }
}

function operatorWith(
  authenticator: Authenticator,
  { operator: least, isSetUp = false }: { operator: OperatorRole; isSetUp?: boolean },
): Authorizer {
  return async (request, at) => {
    const actor = await authenticator.operator(request, at)
    if (actor.hasToSetUp && !isSetUp) throw problem('second-factor-setup-required')
    refuseOperatorBelow(actor, least)
    return actor
  }
}

/** Throws `forbidden`, and says which role is needed. */
export function refuseOperatorBelow({ role }: SignedInOperator, least: OperatorRole): void {
  if (isOperatorAtLeast(role, least)) return
  throw problem('forbidden', undefined, {
    detail: `This takes an operator with the role ${least}${least === 'admin' ? '' : ' or a higher one'}; yours is ${role}.`,
  })
}

function productKeyOr(member: Authorizer, authenticator: Authenticator, scope: Scope): Authorizer {
  return async (request, at) => {
    const actor = await authenticator.productKey(request, at)
    return actor ? withScope(actor, scope) : member(request, at)
  }
}

function onlyProductKey(authenticator: Authenticator, scope: Scope): Authorizer {
  return async (request, at) => withScope(await authenticator.onlyProductKey(request, at), scope)
}

function withScope(actor: ProductKeyActor, scope: Scope): ProductKeyActor {
  if (actor.scopes.includes(scope)) return actor
  throw problem('forbidden', undefined, {
    detail: `This takes a product key with the scope ${scope}; yours has ${actor.scopes.join(' and ')}.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}

function schemaOf(contract: Contract): NonNullable<RouteOptions['schema']> {
  const { operationId, summary, url, access, params, query, body, replies, refusals = [] } = contract
  const empty = { type: 'null', description: 'Empty' }
  return {
    operationId,
    summary,
    tags: [tagOf(url)],
    ...(access !== 'anyone' && { security: securityOf(access) }),
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

/** What a bearer of each kind must have, as OpenAPI 3.1 lets it be listed for any scheme. */
function securityOf(access: Access): Record<string, string[]>[] {
  const scope = typeof access === 'object' && 'productKey' in access && access.productKey
  return [...(takesToken(access) ? [{ accessToken: [] }] : []), ...(scope ? [{ productKey: [scope] }] : [])]
}

function takesToken(access: Access): boolean {
  return access !== 'anyone' && (typeof access === 'string' || 'member' in access || 'operator' in access)
}

function asksForFactor(access: Access): boolean {
  return typeof access === 'object' && 'member' in access && !access.isUnproved
}

function describeAccess(access: Access): string {
  if (access === 'anyone') return 'Open to anyone.'
  if (access === 'user') return 'For a signed-in user.'
  if ('operator' in access) return describeOperator(access.operator)
  if (!('member' in access)) return `For product keys with the scope ${access.productKey}.`
  const { member, productKey } = access
  const role = member === 'viewer' ? '' : ` with the role ${member} or a higher one`
  const key = productKey ? `, and for product keys with the scope ${productKey}` : ''
  return `For members of the current account${role}${key}.`
}

function describeOperator(least: OperatorRole): string {
  if (least === 'read') return 'For operators.'
  return `For operators with the role ${least}${least === 'admin' ? '' : ' or a higher one'}.`
}

function refusalsOf(contract: Contract, codes: ProblemCode[]): Record<string, object> {
  const withInput = contract.params || contract.query || takesBody(contract)
  const all = new Set<ProblemCode>([
    ...(withInput ? (['invalid-request'] as const) : []),
    ...(contract.access === 'anyone' ? [] : (['unauthenticated'] as const)),
    ...(takesToken(contract.access) ? (['session-expired'] as const) : []),
    ...(typeof contract.access === 'object' ? (['forbidden'] as const) : []),
    ...(typeof contract.access === 'object' && 'member' in contract.access
      ? (['account-closed'] as const)
      : []),
    ...(asksForFactor(contract.access) ? (['second-factor-required-here'] as const) : []),
    ...(typeof contract.access === 'object' && 'operator' in contract.access && !contract.access.isSetUp
      ? (['second-factor-setup-required'] as const)
      : []),
    ...codes,
  ])
  return {
    default: {
      description: [...all].map((code) => `\`${code}\``).join(', ') || 'A problem',
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    },
  }
}
