import { ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode, parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Config } from '../config.ts'
import type { Log } from '../http/log.ts'
import type { Kind, SpanStart } from './spans.ts'

export interface Sender {
  /** Begins a span at the edge. What is no traceparent begins a trace of its own. */
  begin: (start: SpanStart, traceparent: string | undefined) => Span
  beginIn: (start: SpanStart, parent: Span) => Span
  close: () => Promise<void>
}

type Settings = Pick<
  Config,
  | 'otelExporterOtlpEndpoint'
  | 'otelExporterOtlpHeaders'
  | 'otelServiceName'
  | 'otelTracesSamplerArg'
  | 'version'
>

/** One more span than these waits for nobody: it is dropped. A span takes a kilobyte or two. */
const MOST_WAITING = 2048
const SEND_EVERY_MS = 2_000
const ANSWER_WITHIN_MS = 5_000
const LONGEST_ATTRIBUTE = 1_000

const kinds: Record<Kind, SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  job: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
}

/** Begins to send spans to the collector, some at a time. Nothing of the process is patched, and nothing global is set. */
export function startSender(settings: Settings, log: Log): Sender {
  const { otelExporterOtlpEndpoint: endpoint = '', otelServiceName, otelTracesSamplerArg, version } = settings
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: headersIn(settings.otelExporterOtlpHeaders?.reveal()),
    timeoutMillis: ANSWER_WITHIN_MS,
  })
  const processor = new BatchSpanProcessor({
    exporter: new WarningExporter(exporter, log),
    maxQueueSize: MOST_WAITING,
    maxExportBatchSize: MOST_WAITING / 4,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: 2 * ANSWER_WITHIN_MS,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': otelServiceName, 'service.version': version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Number(otelTracesSamplerArg)) }),
    spanLimits: { attributeValueLengthLimit: LONGEST_ATTRIBUTE },
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('frontgate', version)
  const begin = ({ name, kind = 'internal', attributes }: SpanStart, context = ROOT_CONTEXT) =>
    tracer.startSpan(name, { kind: kinds[kind], ...(attributes && { attributes }) }, context)
  return {
    begin: (start, traceparent) => {
      const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
      return begin(
        start,
        parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : undefined,
      )
    },
    beginIn: (start, parent) => begin(start, trace.setSpan(ROOT_CONTEXT, parent)),
    close: () => provider.shutdown().catch(() => undefined),
  }
}

/** Says once that the collector does not take spans, and once that it does again. */
class WarningExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #log: Log
  #isFailing = false

  constructor(exporter: SpanExporter, log: Log) {
    this.#exporter = exporter
    this.#log = log
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      const isFailing = result.code !== ExportResultCode.SUCCESS
      if (isFailing && !this.#isFailing) {
        this.#log.warn({ error: result.error }, 'traces cannot be sent and are dropped until they can')
      }
      if (!isFailing && this.#isFailing) this.#log.info('traces are sent again')
      this.#isFailing = isFailing
      done(result)
    })
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve()
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }
}

/** As OpenTelemetry writes them: `name=value`, separated by commas, values percent-encoded. */
function headersIn(text = ''): Record<string, string> {
  const pairs = text
    .split(',')
    .map((pair) => pair.split(/=(.*)/s))
    .filter(([name]) => name?.trim())
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name.trim(), decoded(value.trim())]))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
