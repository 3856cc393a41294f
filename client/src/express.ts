import type { NextFunction, Request, RequestHandler, Response } from 'express'
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

declare global {
  namespace Express {
    interface Request {
      /** Who sent the request, behind each of Frontgate's guards. */
      frontgate: Caller
    }
  }
}

/**
 * Guards for the routes of Express 4 and 5, as middleware. What a limit has counted is given back when the answer
 * is 5xx, which is what becomes of an error that no error handler takes. Importable from `@frontgate/client/express`.
 *
 * @example
 * const guards = expressGuards(gate)
 * app.get('/trees', guards.requireActiveSubscription(), (req, res) => res.json(treesOf(req.frontgate.accountId)))
 */
export function expressGuards(gate: Gate): Guards<RequestHandler, Request> {
  return guardsBy<RequestHandler, Request>((asks) => (request, response, next) => {
    const authorization = onlyAuthorization(request.headers.authorization, request.rawHeaders)
    const entered = enter(gate, asks, authorization, request)
    if (entered instanceof Promise) {
      entered.then((settled) => goOn(settled, request, response, next)).catch(next)
    } else goOn(entered, request, response, next)
  })
}

function goOn(entered: Entered | TurnedAway, request: Request, response: Response, next: NextFunction): void {
  if (entered.kind === 'refused') {
    const { problem, headers } = entered
    void entered.giveBack?.()
    response.writeHead(problem.status, headers).end(JSON.stringify(problem))
    return
  }
  request.frontgate = entered.caller
  if (entered.giveBack) giveBackOnFailure(response, entered.giveBack)
  next()
}

/** Also where the client has left, so that the answer is only written when the connection is long closed. */
function giveBackOnFailure(response: Response, giveBack: () => Promise<void>): void {
  const look = () => {
    if (response.statusCode >= 500) void giveBack()
  }
  const end = response.end
  response.end = function (this: Response, ...given: unknown[]) {
    look()
    return (end as (...all: unknown[]) => Response).apply(this, given)
  } as typeof end
  response.once('close', look)
}
