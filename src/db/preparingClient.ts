import { createHash } from 'node:crypto'
import pg from 'pg'

const ANSWER_TIMED_OUT = 'Query read timeout'

/**
 * Names every statement with parameters after its text, so that PostgreSQL parses and plans it once per
 * connection: a third more reads per second than unnamed ones. The number of names is the number of
 * statements in the code, because lists are passed as arrays.
 */
export class PreparingClient extends pg.Client {
  /** Counts how often statements of this connection had to be prepared anew under other names. */
  #edition = 0

  override query(...args: unknown[]): never {
    const [text, values, ...callback] = args
    const isPrepared = typeof text === 'string' && Array.isArray(values) && values.length > 0
    const send = (): unknown =>
      isPrepared
        ? super.query({ name: nameOf(text, this.#edition), text, values }, ...(callback as []))
        : super.query(...(args as [string]))
    const edition = this.#edition
    const sent = send()
    if (!(sent instanceof Promise)) return sent as never
    return sent.catch((error: Error) => {
      // Its connection is being destroyed: ended at once, the pool does not hand it out in between.
      if (error.message === ANSWER_TIMED_OUT) void this.end()
      if (!isStalePlan(error)) throw error
      if (this.#edition === edition) this.#edition++
      // Inside a transaction all is undone already; `inTx` runs it again.
      if (this.getTransactionStatus() !== 'I') throw error
      return send()
    }) as never
  }
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
