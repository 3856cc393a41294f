import { Gate, type GateOptions } from './gate.ts'

export type { Caller, Role, Source } from './caller.ts'
export type { Consumed, Gate, GateOptions, LiveOptions, Log, Verdict } from './gate.ts'
export type { LimitOrder, UsageOrder } from './limits/usage.ts'
export type { ProblemBody, Refused } from './problems.ts'
export type { Passed, Requirement } from './rules.ts'

/**
 * Opens a gate for a product: what its guards decide with. Importable from `@frontgate/client/guards`.
 *
 * @example
 * const gate = createGate({ url: 'https://gate.example.com', productKey: process.env.FRONTGATE_KEY, live: true })
 * await gate.ready()
 */
export function createGate(options: GateOptions): Gate {
  return new Gate(options)
}
