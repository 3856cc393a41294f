import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import type { Caller } from './guards/caller.ts'
import type { Gate } from './guards/gate.ts'
import {
  type Entered,
  enter,
  type Guards,
  guardsBy,
  onlyAuthorization,
  type TurnedAway,
} from './guards/guards.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request, behind each of Frontgate's guards. */
    frontgate: Caller
  }
}

/**
 * Guards for the routes of Fastify 4 and 5, as `preHandler`; an array of them asks one after another. What the
 * token alone decides passes without waiting. Importable from `@frontgate/client/fastify`.
 *
 * @example
 * const guards = fastifyGuards(gate)
 * app.get('/trees', { preHandler: guards.requireActiveSubscription() }, async (request) => treesOf(request.frontgate.accountId))
 */
export function fastifyGuards(gate: Gate): Guards<preHandlerHookHandler, FastifyRequest> {
  return guardsBy<preHandlerHookHandler, FastifyRequest>((asks) => (request, reply, done) => {
    const authorization = onlyAuthorization(request.headers.authorization, request.raw.rawHeaders)
    const entered = enter(gate, asks, authorization, request)
    if (entered instanceof Promise) {
      entered.then((settled) => goOn(settled, request, reply, done)).catch(done)
    } else goOn(entered, request, reply, done)
  })
}

function goOn(
  entered: Entered | TurnedAway,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  if (entered.kind === 'refused') {
    const { problem, headers } = entered
    void entered.giveBack?.()
    // A schema of the route's own would leave members out.
    void reply.code(problem.status).headers(headers).serializer(JSON.stringify).send(problem)
    return
  }
  request.frontgate = entered.caller
  if (entered.giveBack) giveBackOnFailure(reply, entered.giveBack)
  done()
}

/**
 * What a handler throws is sent as an error first, whatever status an error handler makes of it; and what is sent is looked
 * at also where the client has left, so that the connection is long closed.
 */
function giveBackOnFailure(reply: FastifyReply, giveBack: () => Promise<void>): void {
  const send = reply.send
  reply.send = function (this: FastifyReply, payload?: unknown) {
    if (payload instanceof Error || this.statusCode >= 500) void giveBack()
    return send.call(this, payload)
  } as typeof send
  reply.raw.once('close', () => {
    if (reply.raw.statusCode >= 500) void giveBack()
  })
}
