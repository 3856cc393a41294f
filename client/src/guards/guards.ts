import type { Caller, Role } from './caller.ts'
import type { Gate, Verdict } from './gate.ts'
import type { Refused } from './problems.ts'
import type { Requirement } from './rules.ts'

/** How a limit is asked about. With neither `consume` nor `used` the service is asked whether so much more fits. */
export interface LimitOptions<Asked> {
  /** How much; a positive integer. Default: 1. */
  amount?: number
  /**
   * Counts it at the service before the handler runs, and gives it back where that fails, or where a later guard of the
   * same request refuses. Put guards that count last: what is not counted needs not be given back.
   */
  consume?: boolean
  /** How much the product has counted itself, for what it counts itself. */
  used?: (asked: Asked, caller: Caller) => number | Promise<number>
  /**
   * With `consume`: what a request and its repetitions have in common, so that they are counted once. Default: each
   * request counts.
   */
  idempotencyKey?: (asked: Asked) => string
}

/** What a guard asks for. */
export interface Asks<Asked> {
  requirement: Requirement
  limit?: LimitOptions<Asked> & { name: string; amount: number }
}

/** What a request has that went through a guard. */
export interface Entered {
  kind: 'passed'
  caller: Caller
  /** Gives back what was counted for a handler that has failed; harmless when called again. */
  giveBack?: () => Promise<void>
}

/** What a request gets that a guard refused. */
export interface TurnedAway extends Refused {
  /** Gives back what guards before this one have counted for the request; harmless when called again. */
  giveBack?: () => Promise<void>
}

/** What gives back what guards have counted for a request so far. */
const counted = new WeakMap<object, (() => Promise<void>)[]>()

/** The guards of one framework, each as its hook, middleware or wrapper. */
export interface Guards<Guard, Asked> {
  /** A member of an account, signed in. */
  requireUser: () => Guard
  /** An account on this plan or a higher one. Default: `pro`. */
  requireActiveSubscription: (plan?: string) => Guard
  /** A user whose mailbox is verified, or who still has time to do so. */
  requireVerifiedEmailAfterGrace: () => Guard
  /** An account that has this feature. */
  requireFeature: (name: string) => Guard
  /** An account that may have so much more of this limit. */
  requireLimit: (name: string, options?: LimitOptions<Asked>) => Guard
  /** A member with this role or a higher one: `owner` > `admin` > `member` > `viewer`. */
  requireRole: (role: Role) => Guard
}

/** The guards of a framework that knows how to make one. */
export function guardsBy<Guard, Asked>(make: (asks: Asks<Asked>) => Guard): Guards<Guard, Asked> {
  return {
    requireUser: () => make({ requirement: {} }),
    requireActiveSubscription: (plan = 'pro') => make({ requirement: { plan } }),
    requireVerifiedEmailAfterGrace: () => make({ requirement: { verifiedEmail: true } }),
    requireFeature: (name) => make({ requirement: { features: [name] } }),
    requireRole: (role) => make({ requirement: { role } }),
    requireLimit(name, options = {}) {
      const { amount = 1 } = options
      if (!Number.isSafeInteger(amount) || amount < 1)
        throw new RangeError('The amount is a positive integer')
      if (options.consume && options.used) throw new TypeError('Either Frontgate counts or the product does')
      return make({ requirement: { verifiedEmail: true }, limit: { ...options, name, amount } })
    },
  }
}

/** Whether a request may go on; at once where nothing has to be asked. */
export function enter<Asked extends object>(
  gate: Gate,
  { requirement, limit }: Asks<Asked>,
  authorization: string | undefined,
  asked: Asked,
): Entered | TurnedAway | Promise<Entered | TurnedAway> {
  const verdict = gate.decide(authorization, requirement)
  if (verdict instanceof Promise || limit) return enterLater(gate, limit, verdict, asked)
  return verdict.kind === 'refused' ? turnAway(verdict, asked) : verdict
}

async function enterLater<Asked extends object>(
  gate: Gate,
  limit: Asks<Asked>['limit'],
  deciding: Verdict | Promise<Verdict>,
  asked: Asked,
): Promise<Entered | TurnedAway> {
  const verdict = await deciding
  const entered = limit ? await enterWithin(gate, limit, verdict, asked) : verdict
  return entered.kind === 'refused' ? turnAway(entered, asked) : entered
}

function turnAway(refused: Refused, asked: object): TurnedAway {
  const before = counted.get(asked)
  if (!before) return refused
  const giveBack = async () => {
    await Promise.all(before.map((give) => give()))
  }
  return { ...refused, giveBack }
}

async function enterWithin<Asked extends object>(
  gate: Gate,
  { name, amount, consume, used, idempotencyKey }: NonNullable<Asks<Asked>['limit']>,
  verdict: Entered | Refused,
  asked: Asked,
): Promise<Entered | Refused> {
  if (verdict.kind === 'refused') return verdict
  const { caller } = verdict
  const order = { limit: name, amount }
  if (used) return gate.compare(caller, order, await used(asked, caller))
  if (!consume) return gate.check(caller, order)
  const key = idempotencyKey?.(asked)
  const consumed = await gate.consume(caller, key === undefined ? order : { ...order, idempotencyKey: key })
  if (consumed.verdict.kind === 'refused') return consumed.verdict
  // What an earlier request with the same key was let in for is not this one's to give back.
  if (!consumed.counted) return { kind: 'passed', caller }
  let giving: Promise<void> | undefined
  const giveBack = () => {
    giving ??= gate.release(caller, consumed.order)
    return giving
  }
  counted.set(asked, [...(counted.get(asked) ?? []), giveBack])
  return { kind: 'passed', caller, giveBack }
}

/** Of several Authorization headers Node takes the first, while a proxy in front may have looked at the last: none of them counts. */
export function onlyAuthorization(
  authorization: string | undefined,
  rawHeaders: string[],
): string | undefined {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 'authorization'.length && name.toLowerCase() === 'authorization') count++
  }
  return count > 1 ? 'Bearer' : authorization
}

/** A refusal as the Fetch standard writes a reply. */
export function responseOf({ problem, headers }: Refused): Response {
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
