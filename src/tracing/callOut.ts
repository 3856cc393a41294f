import type { Attributes } from '@opentelemetry/api'
import type { Metrics } from '../http/metrics.ts'
import { inSpan } from './spans.ts'

/** Whom we ask over the network, beside our own database. */
export type Peer =
  | 'stripe'
  | 'identity-provider'
  | 'turnstile'
  | 'breached-passwords'
  | 'mail-server'
  | 'webhook-endpoint'

/** What came of it: they did it, they refused it as we asked it, or they failed, or did not answer at all. */
export type CallOutcome = 'done' | 'refused' | 'failed'

export interface Call {
  to: Peer
  name: string
  /** Without paths that hold parameters, and without what stands behind a question mark. */
  attributes?: Attributes
}

type Counted = Pick<Metrics, 'callSeconds'>

/** Calls somebody over the network: counted, timed, and a span of what it belongs to. */
export function callOut<T>(
  { callSeconds }: Counted,
  { to, name, attributes = {} }: Call,
  work: () => Promise<T>,
  outcomeOf: (result: T) => { outcome: CallOutcome; status?: number },
): Promise<T> {
  return inSpan(
    { name, kind: 'client', attributes: { 'frontgate.peer': to, ...attributes } },
    async (span) => {
      const took = callSeconds.startTimer({ to })
      let outcome: CallOutcome = 'failed'
      try {
        const result = await work()
        const known = outcomeOf(result)
        outcome = known.outcome
        if (known.status !== undefined) span?.setAttribute('http.response.status_code', known.status)
        return result
      } finally {
        took({ outcome })
        span?.setAttribute('frontgate.outcome', outcome)
      }
    },
  )
}

const TOO_MANY_REQUESTS = 429

/** What the status of an HTTP answer says. */
export function outcomeOfStatus(status: number): { outcome: CallOutcome; status: number } {
  const isFailure = status >= 500 || status === TOO_MANY_REQUESTS
  return { outcome: isFailure ? 'failed' : status >= 400 ? 'refused' : 'done', status }
}

type Fetch = typeof globalThis.fetch

/** A `fetch` whose calls are counted and traced: by host and method alone, since paths may hold what nobody else should read. */
export function observedFetch(metrics: Counted, to: Peer, fetch: Fetch): Fetch {
  return (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input)
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
    const attributes = { 'http.request.method': method, 'server.address': hostname }
    return callOut(
      metrics,
      { to, name: `${method} ${hostname}`, attributes },
      () => fetch(input, init),
      ({ status }) => outcomeOfStatus(status),
    )
  }
}
