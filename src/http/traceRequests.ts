import type { Span } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { failSpan } from '../tracing/spans.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { codeSentTo } from './sentCodes.ts'

const spans = new WeakMap<FastifyRequest, Span>()
const SERVER_FAULT = 500

/**
 * Begins a span for each request that the router sees, in the trace of the caller where there is one. What is answered from
 * memory is over before a span would have begun, and has none.
 */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { method, id, headers, routeOptions } = request
    const { operationId } = routeOptions.config as { operationId?: string }
    const attributes = {
      'http.request.method': method,
      ...(routeOptions.url !== undefined && { 'http.route': routeOptions.url }),
      'frontgate.request_id': id,
    }
    const name = operationId ?? method
    const span = tracing.begin({ name, kind: 'server', attributes }, headers.traceparent)
    if (span) spans.set(request, span)
    done()
  })
  server.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    if (span) {
      const code = codeSentTo(reply)
      span.setAttribute('http.response.status_code', reply.statusCode)
      if (code) span.setAttribute('frontgate.problem', code)
      if (reply.statusCode >= SERVER_FAULT) failSpan(span, { code: code ?? reply.statusCode })
      span.end()
    }
    done()
  })
}

/** Has what answers a request belong to its span. Reading a body loses what called for it, so this begins behind that. */
export function withinRequest<T>(tracing: Tracing | null, request: FastifyRequest, work: () => T): T {
  const span = tracing === null ? undefined : spans.get(request)
  return span && tracing ? tracing.within(span, work) : work()
}

/** What lines of the log about a request carry beside its id. */
export function traceOf(request: FastifyRequest): { trace_id?: string } {
  const span = spans.get(request)
  return span ? { trace_id: span.spanContext().traceId } : {}
}
