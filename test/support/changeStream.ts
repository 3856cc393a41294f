import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { TestApp } from './testApp.ts'

const PATIENCE_MS = 10_000

export interface Told {
  event: string
  id: string
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each event is what the tests assert
  data: any
}

/** A product process that follows what changes, for the test that is running. */
export class ChangeStream {
  readonly status: number
  readonly headers: Headers
  /** All that has been told so far. */
  readonly told: Told[] = []
  /** Settles when the service has ended it, or it was closed. */
  readonly ended: Promise<void>
  readonly #closing: AbortController
  readonly #waiting = new Set<() => void>()

  private constructor(reply: Response, closing: AbortController) {
    this.status = reply.status
    this.headers = reply.headers
    this.#closing = closing
    this.ended = this.#read(reply).catch(() => undefined)
  }

  /** Connects, with the cursor of an earlier stream where there was one. */
  static async open(origin: string, key: string, lastEventId?: string): Promise<ChangeStream> {
    const closing = new AbortController()
    const headers = {
      authorization: `Bearer ${key}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    }
    const reply = await fetch(`${origin}/v1/changes`, { headers, signal: closing.signal })
    onTestFinished(() => closing.abort())
    return new ChangeStream(reply, closing)
  }

  /** The first event, from a place in `told` on, that fits. */
  async next(fits: (told: Told) => boolean, from = 0): Promise<Told> {
    const deadline = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      const found = this.told.slice(from).find(fits)
      if (found) return found
      if (deadline.aborted) throw new Error(`Not told in time: ${JSON.stringify(this.told)}`)
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** Waits until something has been told of a subject. */
  named(subject: string): Promise<Told> {
    return this.next(({ event, data }) => event === 'changes' && data.subjects.includes(subject))
  }

  marked(from = 0): Promise<Told> {
    return this.next(({ event }) => event === 'mark', from)
  }

  /** Where it would be resumed. */
  get lastEventId(): string {
    return this.told.at(-1)?.id ?? ''
  }

  close(): void {
    this.#closing.abort()
  }

  async #read(reply: Response): Promise<void> {
    let rest = ''
    for await (const chunk of (reply.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split('\n\n')
      rest = events.pop() ?? ''
      for (const text of events) {
        const fields = Object.fromEntries(
          text
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        if (fields.event)
          this.told.push({ event: fields.event, id: fields.id ?? '', data: JSON.parse(fields.data ?? '') })
      }
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    }
  }
}

/** Has a service that a test has started listen, and returns where. */
export function listen(fastify: FastifyInstance): Promise<string> {
  return fastify.listen({ host: '127.0.0.1', port: 0 })
}

/**
 * A transaction of somebody else that has changed something and is not committed yet; `restored` has a restored dump hold
 * old rows under its id and the next ones.
 */
export async function openTransaction(
  t: Pick<TestApp, 'app' | 'databaseUrl'>,
  subject: string,
  { restored = false } = {},
): Promise<{ commit: () => Promise<unknown> }> {
  const session = new pg.Client({ connectionString: t.databaseUrl })
  await session.connect()
  onTestFinished(() => session.end())
  if (restored) {
    await session.query(`
      insert into changes (xid, at, subjects)
      select (pg_current_xact_id()::text::bigint + n)::text::xid8, clock_timestamp() - interval '25 hours', '{account:restored}'
      from generate_series(1, 100) n
      on conflict (xid) do update set at = excluded.at`)
  }
  await session.query('begin')
  await session.query(
    `insert into changes (subjects) values ($1)
     on conflict (xid) do update set at = excluded.at, subjects = excluded.subjects`,
    [[subject]],
  )
  return { commit: () => session.query('commit') }
}
