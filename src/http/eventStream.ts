import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** What a reader may be behind with before it is cut off; it resumes where it was. */
const MOST_WAITING_BYTES = 256 * 1024
const END_WITHIN_MS = 1_000

/** An event as it is written; `data` is written as JSON. */
export interface StreamEvent {
  event: string
  id: string
  data: object
}

/** A reply that goes on: events, as EventSource reads them. */
export class EventStream {
  readonly #raw: ServerResponse

  /** Sends the head, with whatever headers the reply has by now. */
  constructor(reply: FastifyReply, { retryMs }: { retryMs: number }) {
    this.#raw = reply.hijack().raw
    const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)
    this.#raw.writeHead(200, {
      ...(Object.fromEntries(headers) as Record<string, string>),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // nginx would hold events back.
      'x-accel-buffering': 'no',
      connection: 'close',
    })
    this.#raw.write(`retry: ${retryMs}\n\n`)
  }

  /** Sends events that `written` has; a reader that does not keep up is cut off instead. */
  send(text: string): void {
    if (this.#raw.writableLength > MOST_WAITING_BYTES) this.#raw.destroy()
    else this.#raw.write(text)
  }

  /** Ends it, also where nobody reads. */
  end(): void {
    this.#raw.end()
    setTimeout(() => this.#raw.destroy(), END_WITHIN_MS).unref()
  }
}

/** An event in the words of the wire. */
export function written({ event, id, data }: StreamEvent): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}
