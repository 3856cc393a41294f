import { AsyncLocalStorage } from 'node:async_hooks'
import type { Attributes, Span } from '@opentelemetry/api'

export type Kind = 'server' | 'client' | 'job' | 'internal'

/** What a span begins with. Names and attributes hold no parameters, addresses or tokens: they leave for another system. */
export interface SpanStart {
  name: string
  kind?: Kind
  attributes?: Attributes
}

/** What is under way in this chain of calls, and how something begins in it. */
interface UnderWay {
  span: Span
  begin: (start: SpanStart, parent: Span) => Span
}

/** Made when the first one is traced: where nothing is, nobody pays for it. */
let chains: AsyncLocalStorage<UnderWay> | undefined

/** Has everything that `work` leads to belong to a span. */
export function runIn<T>(underWay: UnderWay, work: () => T): T {
  chains ??= new AsyncLocalStorage()
  return chains.run(underWay, work)
}

/** Does `work` in a span of its own, if what it belongs to is traced; else it does `work` and nothing more. */
export function inSpan<T>(start: SpanStart, work: (span: Span | undefined) => Promise<T>): Promise<T> {
  const underWay = chains?.getStore()
  if (!underWay) return work(undefined)
  const span = underWay.begin(start, underWay.span)
  return runIn({ ...underWay, span }, () => endWith(span, work(span)))
}

/** Like `inSpan`, for what leads to nothing else: it costs less. */
export function leafSpan(start: () => SpanStart): Span | undefined {
  const underWay = chains?.getStore()
  return underWay?.span.isRecording() ? underWay.begin(start(), underWay.span) : undefined
}

/** Ends a span when something has come to its end, and notes whether that failed. */
export async function endWith<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    failSpan(span, error)
    throw error
  } finally {
    span.end()
  }
}

const STATUS_ERROR = 2

/** Notes a failure by its class or code. Messages stay here: they may quote what somebody has typed. */
export function failSpan(span: Span, error: unknown): void {
  const { code, name } = error as { code?: unknown; name?: unknown }
  span.setAttribute('error.type', String(code ?? name ?? 'unknown'))
  span.setStatus({ code: STATUS_ERROR })
}

/** The trace that this chain of calls belongs to; undefined where nothing is traced. */
export function currentTraceId(): string | undefined {
  return chains?.getStore()?.span.spanContext().traceId
}

/** Where something that is done later or elsewhere belongs, as W3C Trace Context writes it. */
export function currentTraceparent(): string | undefined {
  const span = chains?.getStore()?.span
  if (!span) return undefined
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
