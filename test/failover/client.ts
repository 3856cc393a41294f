import { setTimeout as delay } from 'node:timers/promises'
import type { Process } from './installation.ts'

const PATIENCE_MS = 10_000
const TRY_AGAIN_AFTER_MS = 250

export interface Reply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what is counted
  body: any
  /** How often it was asked for: an earlier time may have been done, and its answer lost. */
  tries: number
}

export interface Call {
  as?: string
  body?: object | string
  headers?: Record<string, string>
}

/** How requests came out that were not answered as they should be, or not at all. */
export interface Troubles {
  /** Answered 503 with Retry-After, as it should be while the database is away. */
  unavailable: number
  /** Connections that were refused or broken, and answers that did not come in time. */
  lost: number
  /** Everything else that is no answer to what was asked; nothing of this is right. */
  wrong: string[]
}

/**
 * A client that does not give up: what is answered 503, or not at all, it asks once more, of the next process. Knows when
 * each change was acknowledged.
 */
export class Client {
  readonly troubles: Troubles = { unavailable: 0, lost: 0, wrong: [] }
  /** When changes were acknowledged, by the clock of the process. */
  readonly acknowledged: number[] = []
  readonly #processes: Process[]
  #turn = 0

  constructor(processes: Process[]) {
    this.#processes = processes
  }

  async ask(method: string, path: string, call: Call = {}): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const reply = await this.#try(method, path, call, tries)
      if (reply) {
        if (reply.status < 300 && method !== 'GET') this.acknowledged.push(performance.now())
        return reply
      }
      await delay(TRY_AGAIN_AFTER_MS)
    }
  }

  /** Notes an answer that nobody should get. */
  isWrong(what: string, { status, body, tries }: Reply): void {
    this.troubles.wrong.push(`${what}: ${status} ${JSON.stringify(body)} at try ${tries}`)
  }

  /** The longest time without any acknowledged change, of those that began after `from`, in seconds. */
  longestGap(from: number, until: number): number {
    const times = [
      from,
      ...this.acknowledged.filter((at) => at >= from && at <= until).sort((a, b) => a - b),
      until,
    ]
    return Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at))) / 1000
  }

  async #try(method: string, path: string, call: Call, tries: number): Promise<Reply | null> {
    const { as, body, headers } = call
    const process = this.#processes[this.#turn++ % this.#processes.length]
    try {
      const reply = await fetch(process?.origin + path, {
        method,
        signal: AbortSignal.timeout(PATIENCE_MS),
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await reply.text()
      const isJson = reply.headers.get('content-type')?.includes('json')
      const seen = { status: reply.status, body: isJson && text ? JSON.parse(text) : text, tries }
      if (reply.status < 500) return seen
      if (reply.status === 503 && reply.headers.has('retry-after')) this.troubles.unavailable++
      else this.isWrong(`${method} ${path}`, seen)
      return null
    } catch {
      this.troubles.lost++
      return null
    }
  }
}
