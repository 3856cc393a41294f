import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A span as OTLP writes it in JSON, its attributes by name. */
export interface SentSpan {
  name: string
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  attributes: Record<string, unknown>
  hasFailed: boolean
}

/** A collector of OTLP over HTTP that keeps what it is sent, for the test that is running. */
export class Collector {
  readonly url: string
  readonly spans: SentSpan[] = []
  /** Everything it was sent, as it was sent. */
  readonly bodies: string[] = []
  readonly headers: NodeJS.Dict<string | string[]>[] = []
  /** What it answers. */
  status = 200

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Collector> {
    const server = createServer(async (request, response) => {
      const body = await new Response(request as never).text()
      collector.headers.push(request.headers)
      if (collector.status === 200 && request.url === '/v1/traces') collector.#take(body)
      response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}')
    })
    server.listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    const collector = new Collector((server.address() as AddressInfo).port)
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return collector
  }

  /** The spans of one trace whose names are these, in the order in which they are asked for. */
  named(traceId: string, ...names: string[]): SentSpan[] {
    return names.flatMap((name) =>
      this.spans.filter((span) => span.traceId === traceId && span.name === name),
    )
  }

  /** The names from a span up to the first of its trace. */
  pathTo(span: SentSpan | undefined): string[] {
    const parent = this.spans.find(({ spanId }) => spanId === span?.parentSpanId)
    return span ? [...this.pathTo(parent), span.name] : []
  }

  #take(body: string): void {
    this.bodies.push(body)
    const { resourceSpans } = JSON.parse(body) as OtlpBody
    for (const { scopeSpans } of resourceSpans)
      for (const { spans } of scopeSpans)
        for (const { name, traceId, spanId, parentSpanId, attributes = [], status } of spans) {
          const values = attributes.map(({ key, value }) => [key, Object.values(value)[0]])
          this.spans.push({
            name,
            traceId,
            spanId,
            parentSpanId: parentSpanId || undefined,
            attributes: Object.fromEntries(values),
            hasFailed: status?.code === 2,
          })
        }
  }
}

interface OtlpBody {
  resourceSpans: {
    scopeSpans: {
      spans: {
        name: string
        traceId: string
        spanId: string
        parentSpanId?: string
        attributes?: { key: string; value: Record<string, unknown> }[]
        status?: { code?: number }
      }[]
    }[]
  }[]
}
