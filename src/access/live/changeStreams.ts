import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../app.ts'
import type { Look } from '../../db/changeTail.ts'
import { type Position, readCursor, writeCursor } from '../../db/positions.ts'
import type { News } from '../../db/readChanges.ts'
import type { Changed } from '../../db/transaction.ts'
import type { ProductKeyActor } from '../../http/actor.ts'
import { EventStream, written } from '../../http/eventStream.ts'
import { recordRouted } from '../../http/recordRequest.ts'
import { problem } from '../../problems.ts'

const RETRY_MS = 1_000
const MARK_EVERY_MS = 950
const WATCH_CLOCK_EVERY_MS = 100
/** More than the service's clock and the machine's drift apart between two marks, so somebody has moved it. */
const CLOCK_JUMP_MS = 500
const MOST_SUBJECTS = 2_000
const MOST_STREAMS = 1_000
const MOST_STREAMS_OF_A_KEY = 100
const RETRY_AFTER_SECONDS = 5

/** One product process that follows what changes. */
interface Follower {
  key: ProductKeyActor
  openedAt: number
  isMarked: boolean
  /** Null until it has caught up; what is looked at until then is held for it. */
  stream: EventStream | null
  held: Look[]
}

/** The streams of changes of this process, all fed by one tail. */
export class ChangeStreams {
  readonly #app: Pick<App, 'changes' | 'changeTail' | 'log' | 'metrics' | 'now'>
  readonly #followers = new Set<Follower>()
  readonly #leave: () => void
  #markedAt = Number.NEGATIVE_INFINITY
  #clockOffset = 0
  #watching: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(app: Pick<App, 'changes' | 'changeTail' | 'log' | 'metrics' | 'now'>) {
    this.#app = app
    this.#leave = app.changeTail.follow((look) => this.#tell(look))
    app.changes.listen((changed) => this.#endRevoked(changed))
  }

  /**
   * Answers with a stream that tells all that is committed from now on, or that was since the cursor. It goes on until the
   * client leaves, does not keep up, its key ends, or this process does. `askAgain` refuses a key that has been revoked.
   */
  async open(
    key: ProductKeyActor,
    request: FastifyRequest,
    reply: FastifyReply,
    askAgain: () => Promise<unknown>,
  ): Promise<void> {
    this.#refuseTooMany(key)
    // It left while its key was read: there will be no `close` any more.
    if (reply.raw.destroyed) return
    const follower: Follower = {
      key,
      openedAt: performance.now(),
      isMarked: false,
      stream: null,
      held: [],
    }
    this.#add(follower)
    reply.raw.once('close', () => {
      this.#remove(follower)
      if (!reply.raw.writableFinished) recordRouted(this.#app, request, reply)
    })
    try {
      // A revocation that was announced before the stream was known here.
      await askAgain()
      const cursor = request.headers['last-event-id']
      const missed =
        cursor === undefined ? null : await this.#app.changeTail.since(readCursor(String(cursor)))
      this.#begin(follower, reply, missed)
    } catch (error) {
      this.#remove(follower)
      throw error
    }
  }

  /** Ends all streams; there are no new ones. */
  close(): void {
    this.#isClosed = true
    this.#leave()
    for (const follower of this.#followers) this.#end(follower)
  }

  #refuseTooMany({ keyId }: ProductKeyActor): void {
    const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS }
    if (this.#isClosed || this.#followers.size >= MOST_STREAMS) throw problem('overloaded', undefined, retry)
    const ofKey = [...this.#followers].filter(({ key }) => key.keyId === keyId)
    if (ofKey.length >= MOST_STREAMS_OF_A_KEY) {
      const detail = `A product key may follow ${MOST_STREAMS_OF_A_KEY} streams at once.`
      throw problem('too-many-requests', undefined, { detail, ...retry })
    }
  }

  #begin(follower: Follower, reply: FastifyReply, missed: News | null): void {
    if (reply.raw.destroyed) return
    const stream = new EventStream(reply, { retryMs: RETRY_MS })
    if (!this.#followers.has(follower)) {
      stream.end()
      return
    }
    if (missed) stream.send(eventOf(missed, this.#app.now()))
    // Whoever is to forget everything needs no word of what came before, or after: it comes again.
    const everything = follower.held.find(({ changed }) => changed === 'everything')
    for (const look of everything ? [everything] : follower.held) stream.send(eventOf(look, look.at))
    follower.stream = stream
    if (everything) this.#end(follower)
    follower.held = []
    this.#app.changeTail.lookSoon()
  }

  #tell(look: Look): void {
    if (this.#followers.size === 0) return
    const event = eventOf(look, look.at)
    const mark = written({
      event: 'mark',
      id: writeCursor(look.position),
      data: { at: look.at.toISOString() },
    })
    const isDue = this.#isMarkDue(look)
    for (const follower of this.#followers) {
      if (!follower.stream) {
        follower.held.push(look)
        continue
      }
      const isFirst = !follower.isMarked && look.began >= follower.openedAt
      follower.isMarked ||= isFirst
      follower.stream.send(event + (isDue || isFirst ? mark : ''))
      const { expiresAt } = follower.key
      if (look.changed === 'everything' || (expiresAt && expiresAt <= look.at)) this.#end(follower)
    }
  }

  #isMarkDue({ at, began }: Look): boolean {
    const offset = at.getTime() - began
    const isDue = began - this.#markedAt >= MARK_EVERY_MS || this.#hasJumped(offset)
    if (isDue) {
      this.#markedAt = began
      this.#clockOffset = offset
    }
    return isDue
  }

  #hasJumped(offset: number): boolean {
    return Math.abs(offset - this.#clockOffset) > CLOCK_JUMP_MS
  }

  #endRevoked(changed: Changed): void {
    if (changed === 'everything') return
    for (const follower of this.#followers) {
      if (changed.has(`product-key:${follower.key.keyId}`)) this.#end(follower)
    }
  }

  #end(follower: Follower): void {
    follower.stream?.end()
    this.#remove(follower)
  }

  #add(follower: Follower): void {
    this.#followers.add(follower)
    this.#count()
  }

  #remove(follower: Follower): void {
    this.#followers.delete(follower)
    this.#count()
  }

  /** The clock is watched while somebody is told about it. */
  #count(): void {
    const { size } = this.#followers
    this.#app.metrics.changeStreams.set(size)
    if (size === 0) {
      clearInterval(this.#watching)
      this.#watching = undefined
    } else this.#watching ??= setInterval(() => this.#watchClock(), WATCH_CLOCK_EVERY_MS).unref()
  }

  #watchClock(): void {
    const offset = this.#app.now().getTime() - performance.now()
    if (this.#hasJumped(offset)) this.#app.changeTail.lookSoon()
  }
}

/** What a product is told of a look; nothing of what is no business of products. */
function eventOf({ changed, position }: { changed: Changed; position: Position }, at: Date): string {
  const id = writeCursor(position)
  const reset = written({ event: 'reset', id, data: {} })
  if (changed === 'everything') return reset
  const subjects = [...changed].filter((subject) => isOfProducts(subject))
  if (subjects.length === 0) return ''
  if (subjects.length > MOST_SUBJECTS) return reset
  return written({ event: 'changes', id, data: { subjects, at: at.toISOString() } })
}

const isOfProducts = (subject: string) => subject === 'catalogue' || /^(account|user|session):/.test(subject)
