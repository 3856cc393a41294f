import type { Span } from '@opentelemetry/api'
import type { Config } from '../config.ts'
import type { Log } from '../http/log.ts'
import { endWith, runIn, type SpanStart } from './spans.ts'
import type { Sender } from './startSender.ts'

type Settings = Pick<
  Config,
  | 'otelExporterOtlpEndpoint'
  | 'otelExporterOtlpHeaders'
  | 'otelServiceName'
  | 'otelTracesSamplerArg'
  | 'version'
>

/** Traces requests and jobs, and sends what came of them to a collector. */
export class Tracing {
  readonly #settings: Settings
  readonly #log: Log
  #sender: Sender | undefined

  constructor(settings: Settings, log: Log) {
    this.#settings = settings
    this.#log = log
  }

  /** Loads what makes and sends spans; before that nothing is traced. */
  async start(): Promise<void> {
    const { startSender } = await import('./startSender.ts')
    this.#sender ??= startSender(this.#settings, this.#log)
  }

  /** Begins a span at the edge: a new trace, or the next step of the one that `traceparent` tells of. */
  begin(start: SpanStart, traceparent: unknown): Span | undefined {
    return this.#sender?.begin(start, typeof traceparent === 'string' ? traceparent : undefined)
  }

  /** Has everything that `work` leads to belong to a span that `begin` returned. */
  within<T>(span: Span, work: () => T): T {
    const sender = this.#sender
    return sender ? runIn({ span, begin: sender.beginIn }, work) : work()
  }

  /** Does `work` in a span at the edge. */
  trace<T>(start: SpanStart, traceparent: unknown, work: () => Promise<T>): Promise<T> {
    const span = this.begin(start, traceparent)
    return span ? this.within(span, () => endWith(span, work())) : work()
  }

  /** Sends what is left, for a few seconds at most. */
  async close(): Promise<void> {
    await this.#sender?.close()
  }
}

/** Null where no collector is configured: then nothing is loaded and nothing is traced. */
export function openTracing(settings: Settings, log: Log): Tracing | null {
  return settings.otelExporterOtlpEndpoint ? new Tracing(settings, log) : null
}
