import type { App } from '../app.ts'

/** What is known of a request once it has been answered. */
export interface RequestRecord {
  requestId: string
  operation: string
  method: string
  status: number
  ms: number
}

/** Counts a request that was answered, and logs it. */
export function recordRequest({ metrics, log }: Pick<App, 'metrics' | 'log'>, record: RequestRecord): void {
  const { operation, status, ms } = record
  metrics.requestSeconds.observe({ operation, status }, ms / 1000)
  log.info({ ...record, ms: Math.round(ms * 1e3) / 1e3 }, 'request')
}
