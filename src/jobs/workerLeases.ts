import pg from 'pg'
import type { App } from '../app.ts'

const LEASE_CLASS = 3_105_617
const LOOK_EVERY_MS = 5_000
const RECONNECT_AFTER_MS = 500
const ANSWER_WITHIN_MS = 10_000

/**
 * Jobs of a killed process would stay locked for hours. So each worker holds an advisory lock under its name
 * for as long as its connection lives, and jobs whose worker holds none at two looks are released; between
 * them a worker that lost only its connection has time to come back.
 */
export class WorkerLeases {
  readonly #app: App
  readonly #held = new Set<string>()
  readonly #watching: Promise<void>
  #suspects: string[] = []
  #client: pg.Client | undefined
  #released = false
  #wake = () => {}

  private constructor(app: App, client: pg.Client) {
    this.#app = app
    this.#client = client
    this.#watching = this.#watch()
  }

  /** Connects and begins to look for abandoned jobs. */
  static async open(app: App): Promise<WorkerLeases> {
    return new WorkerLeases(app, await connect(app))
  }

  /** Holds a lease under this name, also over lost connections. */
  async hold(worker: string): Promise<void> {
    if (this.#held.has(worker)) return
    this.#held.add(worker)
    // Where it fails the connection is gone, and the next one holds all that are wanted.
    if (this.#client) await lock(this.#client, worker).catch(() => undefined)
  }

  /** Gives up what is left of a worker of this process that ended by itself. */
  async drop(worker: string): Promise<void> {
    this.#held.delete(worker)
    await this.#client
      ?.query('select pg_advisory_unlock_shared($1, hashtext($2))', [LEASE_CLASS, worker])
      .catch(() => undefined)
  }

  async release(): Promise<void> {
    this.#released = true
    this.#wake()
    await this.#watching
    await this.#client?.end()
  }

  async #watch(): Promise<void> {
    while (!this.#released) {
      try {
        const client = this.#client ?? (await this.#connectAgain())
        client.once('error', () => this.#lose(client))
        await this.#freeAbandoned(client)
        await this.#pause(LOOK_EVERY_MS, () => this.#client === client)
        client.removeAllListeners('error')
      } catch (error) {
        this.#app.log.warn({ error }, 'could not look for abandoned jobs; trying again soon')
        await this.#pause(RECONNECT_AFTER_MS)
      }
    }
  }
}
