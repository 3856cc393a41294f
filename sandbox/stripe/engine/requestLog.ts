/** A request that the stand-in was sent. */
export interface LoggedRequest {
  id: string
  /** By the clock of the sandbox. */
  at: Date
  method: string
  path: string
  params: object
  /** What the client calls itself, if it does: https://docs.stripe.com/building-plugins#setappinfo */
  application: string | null
  idempotency_key: string | null
  /** What was answered; null when nothing was. */
  status: number | null
  /** Whether it was answered with what an earlier request with the same key was answered. */
  replayed: boolean
  fault: string | null
}

const MOST = 10_000

/** The latest requests, in the order in which they came. */
export class RequestLog {
  #requests: LoggedRequest[] = []

  add(request: LoggedRequest): void {
    this.#requests.push(request)
    // In one go, so that not every request moves all the others.
    if (this.#requests.length >= 2 * MOST) this.#requests = this.#requests.slice(-MOST)
  }

  list(): LoggedRequest[] {
    return this.#requests.slice(-MOST)
  }

  clear(): void {
    this.#requests = []
  }
}
