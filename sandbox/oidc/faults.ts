import type { ProviderName } from '../../src/oidc/rules.ts'

/** What may be wrong with an ID token. */
export const tokenFaults = [
  'wrong-issuer',
  'wrong-nonce',
  'wrong-audience',
  'expired',
  // By a key that is not published, under the name of one that is.
  'foreign-signature',
  // By a published key of another directory.
  'foreign-key',
  'unsigned',
] as const

/** What may be wrong with what a person is sent back with. */
export const answerFaults = [
  'swapped-iss',
  'missing-iss',
  // The code has been redeemed before.
  'replayed-code',
  'refused',
  'server-error',
] as const

/** What goes wrong with a sign-in at a provider. */
const faultKinds = [
  ...tokenFaults,
  ...answerFaults,
  // Every request is answered with 503.
  'down',
  // What the service asks is never answered.
  'unreachable',
] as const

export type FaultKind = (typeof faultKinds)[number]
export type TokenFault = (typeof tokenFaults)[number]

export interface Fault {
  kind: FaultKind
  /** How many times more. */
  times: number
}

/** What can go wrong at a provider: only Google names itself, and only Microsoft has keys of several directories. */
export function faultsOf(provider: ProviderName): FaultKind[] {
  const none = provider === 'google' ? 'foreign-key' : 'missing-iss'
  return faultKinds.filter((kind) => kind !== none)
}

/** The faults that are still to happen. */
export class Faults {
  #faults: Fault[] = []

  add({ kind, times }: Fault): void {
    this.#faults.push({ kind, times })
  }

  list(): Fault[] {
    return this.#faults.map((fault) => ({ ...fault }))
  }

  clear(): void {
    this.#faults = []
  }

  /** The oldest fault of these kinds, which then has one time less. */
  take<Kind extends FaultKind>(kinds: readonly Kind[]): Kind | undefined {
    const fault = this.#faults.find(({ kind }) => (kinds as readonly FaultKind[]).includes(kind))
    if (!fault) return undefined
    fault.times -= 1
    if (fault.times <= 0) this.#faults = this.#faults.filter((each) => each !== fault)
    return fault.kind as Kind
  }
}
