import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from './guards/caller.ts'
import type { Gate } from './guards/gate.ts'
import { enter, type Guards, guardsBy, responseOf } from './guards/guards.ts'

/** What the guards leave in the context: `c.get('frontgate')`. */
export interface FrontgateVariables {
  /** Who sent the request. */
  frontgate: Caller
}

export type FrontgateEnv = { Variables: FrontgateVariables }

/**
 * Guards for the routes of Hono 4, as middleware. Importable from `@frontgate/client/hono`.
 *
 * @example
 * const guards = honoGuards(gate)
 * app.get('/trees', guards.requireActiveSubscription(), (c) => c.json(treesOf(c.get('frontgate').accountId)))
 */
export function honoGuards(gate: Gate): Guards<MiddlewareHandler<FrontgateEnv>, Context> {
  return guardsBy<MiddlewareHandler<FrontgateEnv>, Context>((asks) => async (context, next) => {
    const entered = await enter(gate, asks, context.req.header('authorization'), context)
    if (entered.kind === 'refused') {
      await entered.giveBack?.()
      return responseOf(entered)
    }
    context.set('frontgate', entered.caller)
    await next()
    // Where a process lives no longer than its request, what follows the answer may never happen.
    if (context.error || context.res.status >= 500) await entered.giveBack?.()
    return undefined
  })
}
