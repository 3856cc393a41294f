import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { codeSentTo } from './sentCodes.ts'
import { traceOf } from './traceRequests.ts'

/** What is known of a request once it has been answered. */
export interface RequestRecord {
  requestId: string
  operation: string
  method: string
  status: number
  ms: number
  trace_id?: string
}

/** Counts a request that was answered, and logs it. */
export function recordRequest({ metrics, log }: Pick<App, 'metrics' | 'log'>, record: RequestRecord): void {
  const { operation, status, ms } = record
  metrics.requestSeconds.observe({ operation, status }, ms / 1000)
  log.info({ ...record, ms: Math.round(ms * 1e3) / 1e3 }, 'request')
}

/** Counts a request that came by the router. One whose client left before its end has to be told of: Fastify does not. */
export function recordRouted(
  app: Pick<App, 'metrics' | 'log'>,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { operationId } = request.routeOptions.config as { operationId?: string }
  const { id: requestId, method } = request
  const { statusCode: status, elapsedTime: ms } = reply
  const isPreflight = method === 'OPTIONS' && status === 204
  const operation = operationId ?? (isPreflight ? 'preflight' : 'none')
  const code = codeSentTo(reply)
  if (code) app.metrics.problems.inc({ operation, code })
  recordRequest(app, { requestId, operation, method, status, ms, ...traceOf(request) })
}
