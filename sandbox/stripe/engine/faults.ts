import { matchSegments } from './routes.ts'

export const faultKinds = [
  'error-after-commit',
  'timeout-after-commit',
  'rate-limit',
  'truncated',
  'late',
  // Nothing is done, and the failure is what the key is answered with from now on.
  'error',
] as const

/** What goes wrong with the next requests that fit. */
export interface Fault {
  /** Any method where unset. */
  method?: string
  /** Stripe's: `/v1/subscriptions`, `/v1/subscriptions/:id`, or with everything below it `/v1/subscriptions/*`. */
  path: string
  kind: (typeof faultKinds)[number]
  /** How many requests more. */
  times: number
  /** How late an answer is that is `late`. */
  delay_ms?: number
}

/** The faults that are still to happen. */
export class Faults {
  #faults: Fault[] = []

  add(fault: Fault): void {
    this.#faults.push({ ...fault })
  }

  list(): Fault[] {
    return this.#faults.map((fault) => ({ ...fault }))
  }

  clear(): void {
    this.#faults = []
  }

  /** The oldest fault that fits this request, which then has one time less. */
  take(method: string, path: string): Fault | undefined {
    const fault = this.#faults.find((each) => fits(each, method, path))
    if (!fault) return undefined
    fault.times -= 1
    if (fault.times <= 0) this.#faults = this.#faults.filter((each) => each !== fault)
    return fault
  }
}

function fits(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false
  const isBelow = fault.path.endsWith('/*')
  const pattern = (isBelow ? fault.path.slice(0, -2) : fault.path).split('/')
  const given = path.split('/')
  return matchSegments(pattern, isBelow ? given.slice(0, pattern.length) : given) !== undefined
}
