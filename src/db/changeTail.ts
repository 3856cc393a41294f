import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Config } from '../config.ts'
import type { Log } from '../http/log.ts'
import { isOfTheConnection } from './errors.ts'
import type { Position } from './positions.ts'
import { PrimaryClient } from './primaryClient.ts'
import { type News, readChanges } from './readChanges.ts'
import type { Changes } from './transaction.ts'
import { Unavailable } from './unavailable.ts'

const CHANNEL = 'frontgate_changes'
const LOOK_EVERY_MS = 1_000
/** Commits that follow each other closely are seen together. */
const LOOK_AT_MOST_EVERY_MS = 20
const AFTER_FAILURE_MS = 250
const CONNECT_AT_MOST_EVERY_MS = 500
const ANSWER_WITHIN_MS = 3_000
const POOLED =
  'changes reach this process by a pooler: in transaction mode it is told of none, and looks once a second; set DATABASE_DIRECT_URL'

/** One look at what has been committed. */
export interface Look extends News {
  /** The service's time when it began: whatever had been committed by then is told by this look or an earlier one. */
  at: Date
  /** The same instant, by the clock that is never moved. */
  began: number
}

interface Parts {
  config: Pick<Config, 'databaseDirectUrl'>
  pool: pg.Pool
  changes: Changes
  log: Log
  now: () => Date
}

/**
 * Follows what every process commits, and announces in this one what others do: at once where notifications arrive, else
 * within a second. Notifications are nothing but hints to look now, so a pooler that swallows them, or a connection that is
 * lost, costs that second and no more.
 */
export class ChangeTail {
  readonly #app: Parts
  readonly #followers = new Set<(look: Look) => void>()
  /** Of its own, since notifications arrive on one; while there is none, the pool is asked. */
  #client: PrimaryClient | undefined
  /** A pooler lets anybody listen, and passes on what is rung for only in session mode, which cannot be told from here. */
  #isPooled = false
  #connecting: Promise<void> | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #position: Position | null = null
  #lookedAt = performance.now()
  #running: Promise<void> | undefined
  #isStopped = false
  #isWanted = false
  #wake = () => {}
  #isRung = false
  /** Transactions of this process that were announced in it as they were committed, until they are seen. */
  readonly #announced = new Set<string>()
  #ringing: Promise<void> | undefined

  constructor(app: Parts) {
    this.#app = app
  }

  /** Begins to look, and to ring at other processes when this one has committed something. Returns after the first look. */
  async start(): Promise<void> {
    const { promise: tried, resolve } = Promise.withResolvers<void>()
    this.#app.changes.ring = (xid) => this.#ring(xid)
    this.#running ??= this.#run(resolve)
    await tried
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#app.changes.ring = () => {}
    this.#wake()
    await Promise.all([this.#running, this.#connecting, this.#ringing])
    await this.#client?.end()
  }

  /** Has somebody told of every look from now on; returns how to end that. */
  follow(follower: (look: Look) => void): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /** Has a look begin that has not begun yet. */
  lookSoon(): void {
    this.#isWanted = true
    this.#wake()
  }

  /** What has been committed since a position that somebody was told of earlier; everything since none. */
  async since(position: Position | null): Promise<News> {
    try {
      return await readChanges(this.#app.pool, position)
    } catch (error) {
      if (isOfTheConnection(error) && !(error instanceof Unavailable))
        throw new Unavailable('The database', error)
      throw error
    }
  }

  /** Whether notifications are sure to arrive; without them it is looked once a second. */
  get isListening(): boolean {
    return this.#client !== undefined && !this.#isPooled
  }

  /** Since when nothing has been seen. */
  get secondsSinceLook(): number {
    return (performance.now() - this.#lookedAt) / 1000
  }

  async #run(onTried: () => void): Promise<void> {
    let isFailing = false
    while (!this.#isStopped) {
      this.#isWanted = false
      const began = performance.now()
      this.#connectIfLost(began)
      try {
        await this.#look(began)
        if (isFailing) this.#app.log.info('what other processes change is seen again')
        isFailing = false
      } catch (error) {
        if (!isFailing) this.#app.log.warn({ error }, 'what other processes change is not seen')
        isFailing = true
      }
      onTried()
      await this.#pause(began, isFailing ? AFTER_FAILURE_MS : LOOK_AT_MOST_EVERY_MS)
    }
  }

  async #look(began: number): Promise<void> {
    const app = this.#app
    const { pool, changes } = app
    const at = app.now()
    const client = this.#client
    // Committed before this look begins, so it sees them if no earlier one has.
    const announced = [...this.#announced]
    const news = await readChanges(client ?? pool, this.#position, announced).catch((error: unknown) => {
      if (client) this.#lose(client)
      throw error
    })
    this.#position = news.position
    this.#lookedAt = began
    for (const xid of announced) this.#announced.delete(xid)
    if (news.ofOthers === 'everything' || news.ofOthers.size > 0) changes.announce(news.ofOthers)
    for (const follower of this.#followers) follower({ at, began, ...news })
  }

  async #pause(began: number, leastMs: number): Promise<void> {
    if (!this.#isWanted && !this.#isStopped) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, LOOK_EVERY_MS)
      await promise.finally(() => clearTimeout(timer))
    }
    const early = began + leastMs - performance.now()
    if (early > 0 && !this.#isStopped) await sleep(early)
  }

  #connectIfLost(now: number): void {
    if (this.#client || this.#connecting || now - this.#triedAt < CONNECT_AT_MOST_EVERY_MS) return
    this.#triedAt = now
    this.#connecting = this.#connect().finally(() => {
      this.#connecting = undefined
    })
  }

  async #connect(): Promise<void> {
    const client = new PrimaryClient({
      connectionString: this.#app.config.databaseDirectUrl.reveal(),
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
      application_name: 'frontgate changes',
    })
    client.on('error', () => this.#lose(client))
    client.on('end', () => this.#lose(client))
    client.on('notification', ({ processId }) => {
      // What this process rang for it has looked for already.
      if (processId !== (client as { processID?: number }).processID) this.lookSoon()
    })
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
      const isPooled = await client.isPooled()
      if (isPooled && !this.#isPooled) this.#app.log.warn(POOLED)
      this.#isPooled = isPooled
      this.#client = client
      // What was rung for while nobody listened.
      this.lookSoon()
    } catch {
      void client.end().catch(() => undefined)
    }
  }

  #lose(client: PrimaryClient): void {
    if (this.#client !== client) return
    this.#client = undefined
    if (this.#isStopped) return
    void client.end().catch(() => undefined)
    this.lookSoon()
  }

  #ring(xid: string): void {
    this.#announced.add(xid)
    this.lookSoon()
    this.#isRung = true
    this.#ringing ??= this.#keepRinging().finally(() => {
      this.#ringing = undefined
    })
  }

  /** After the commit and apart from it: in it, a notification would have all commits of the server wait for each other. */
  async #keepRinging(): Promise<void> {
    while (this.#isRung && !this.#isStopped) {
      this.#isRung = false
      await (this.#client ?? this.#app.pool).query(`notify ${CHANNEL}`).catch(() => undefined)
      await sleep(LOOK_AT_MOST_EVERY_MS)
    }
  }
}
