import type { Caller } from './guards/caller.ts'
import type { Gate } from './guards/gate.ts'
import { enter, type Guards, guardsBy, responseOf } from './guards/guards.ts'

/** The second argument of a route handler behind a guard: as Next's own, with who sent the request beside it. */
export interface GuardedContext {
  caller: Caller
}

/** Puts a guard before a route handler. */
export type NextGuard = <Context extends GuardedContext = GuardedContext>(
  handler: (request: Request, context: Context) => Response | Promise<Response>,
) => (request: Request, context: Omit<Context, 'caller'>) => Promise<Response>

/**
 * Guards for route handlers of Next, in the Node.js or the Edge runtime, and for whatever else takes a Request and
 * returns a Response. Importable from `@frontgate/client/next`.
 *
 * @example
 * const guards = nextGuards(gate)
 * export const GET = guards.requireActiveSubscription()(async (_request, { caller }) => Response.json(await treesOf(caller.accountId)))
 */
export function nextGuards(gate: Gate): Guards<NextGuard, Request> {
  return guardsBy<NextGuard, Request>((asks) => (handler) => async (request, context) => {
    const entered = await enter(gate, asks, request.headers.get('authorization') ?? undefined, request)
    if (entered.kind === 'refused') {
      await entered.giveBack?.()
      return responseOf(entered)
    }
    const { caller, giveBack } = entered
    try {
      const response = await handler(request, { ...context, caller } as Parameters<typeof handler>[1])
      if (response.status >= 500) await giveBack?.()
      return response
    } catch (thrown) {
      if (!isAnswer(thrown)) await giveBack?.()
      throw thrown
    }
  })
}

/** Whether what is thrown is how a handler answers: a reply, or what redirect(), notFound() and the like of Next throw. */
function isAnswer(thrown: unknown): boolean {
  if (thrown instanceof Response) return thrown.status < 500
  const digest = (thrown as { digest?: unknown } | null | undefined)?.digest
  return (
    typeof digest === 'string' && /^(NEXT_REDIRECT|NEXT_NOT_FOUND|NEXT_HTTP_ERROR_FALLBACK;4)/.test(digest)
  )
}
