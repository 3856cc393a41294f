import { createHash } from 'node:crypto'
import type { Span } from '@opentelemetry/api'
import type pg from 'pg'
import { failSpan, leafSpan } from '../tracing/spans.ts'
import { isOfTheConnection } from './errors.ts'
import { PrimaryClient } from './primaryClient.ts'
import { startOf } from './statementSpan.ts'
import { Unavailable } from './unavailable.ts'

interface PreparingConfig extends pg.ClientConfig {
  /** False behind a pooler that would prepare them on one connection and use them on another. */
  prepares?: boolean
}

/**
 * Names every statement with parameters after its text, so that PostgreSQL parses and plans it once per
 * connection: a third more reads per second than unnamed ones. The number of names is the number of
 * statements in the code, because lists are passed as arrays. A server that goes away over a statement is
 * `Unavailable`, and the connection is given up.
 */
export class PreparingClient extends PrimaryClient {
  readonly #prepares: boolean
  /** Counts how often statements of this connection had to be prepared anew under other names. */
  #edition = 0

  constructor(config: PreparingConfig = {}) {
    super(config)
    this.#prepares = config.prepares ?? true
  }

  override query(...args: unknown[]): never {
    const [text, values, ...callback] = args
    const span = typeof text === 'string' && callback.length === 0 ? leafSpan(() => startOf(text)) : undefined
    const isPrepared =
      this.#prepares && typeof text === 'string' && Array.isArray(values) && values.length > 0
    const send = (): unknown =>
      isPrepared
        ? super.query({ name: nameOf(text, this.#edition), text, values }, ...(callback as []))
        : super.query(...(args as [string]))
    const edition = this.#edition
    const sent = send()
    if (!(sent instanceof Promise)) return sent as never
    if (span) endWithAnswer(span, sent)
    return sent.catch((error: Error) => {
      if (isOfTheConnection(error)) throw this.#giveUp(error)
      if (!isStalePlan(error)) throw error
      if (this.#edition === edition) this.#edition++
      // Inside a transaction all is undone already; `inTx` runs it again.
      if (this.getTransactionStatus() !== 'I') throw error
      return send()
    }) as never
  }

  /** A connection that is ended at once the pool does not hand out in between. */
  #giveUp(error: Error): Unavailable {
    void this.end().catch(() => undefined)
    return new Unavailable('The database', error, { mayBeDone: true })
  }
}

/** From when a statement is issued until its answer is there: statements that share a round trip wait for those before them. */
function endWithAnswer(span: Span, sent: Promise<unknown>): void {
  sent.then(
    () => span.end(),
    (error: unknown) => {
      failSpan(span, error)
      span.end()
    },
  )
}

/** Whether a migration changed what a statement returns after this connection had prepared it. */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = error as { code?: string; routine?: string }
  return code === '0A000' && routine === 'RevalidateCachedQuery'
}

const names = new Map<string, string>()

function nameOf(text: string, edition: number): string {
  let name = names.get(text)
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24)
    names.set(text, name)
  }
  return edition === 0 ? name : `${name} ${edition}`
}
