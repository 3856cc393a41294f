import type { Tokens } from './tokens.ts'

/** What tabs of one origin tell each other. */
export type Message =
  /** An access token, how many milliseconds it is good for, and the time of the device at which that was so. */
  | { kind: 'tokens'; tokens: Tokens; leftMs: number; date: number }
  /** With the id of the session that is over, where it was known. */
  | { kind: 'signed-out'; session: string | null }
  /** Somebody is about to sign out: what is under way need not be waited for. */
  | { kind: 'leaving' }
  | { kind: 'asked' }
  | { kind: 'busy' }
  | { kind: 'idle' }

/** Tabs of other versions, which speak otherwise, are on another channel. */
const VERSION = 1
/** Longer than a refresh may take, so that only a tab which is gone is not waited for. */
const BUSY_MS = 12_000
/** A tab that has a token answers within a few milliseconds, but for a busy machine; one that has none does not answer. */
const ANSWER_MS = 500

/** The clients that share a session, because they share the cookie: those of all tabs of one origin, for one service. */
export class Tabs {
  readonly #name: string
  readonly #hear: (message: Message) => void
  #channel: BroadcastChannel | null
  #last: Promise<unknown> = Promise.resolve()
  #whenIdle: Promise<unknown> | null = null
  #othersAreIdle = () => {}
  #whenHeard = () => {}

  /** Without `isShared` there are no others. */
  constructor(url: string, isShared: boolean, hear: (message: Message) => void) {
    this.#name = `frontgate ${url}`
    this.#hear = hear
    this.#channel = isShared ? new BroadcastChannel(`${this.#name} ${VERSION}`) : null
    this.#channel?.addEventListener('message', ({ data }) => this.#take(data as Message))
    // In Node an open channel would keep the process alive.
    if (this.#channel && 'unref' in this.#channel) (this.#channel.unref as () => void)()
  }

  /**
   * Does work while no other client of the session does such work, and says whether others did before. Without locks
   * (pages over plain http, old browsers) tabs that begin in the same instant do not wait for each other; the service
   * gives them the same tokens.
   */
  alone<T>(work: (waited: boolean) => Promise<T>): Promise<T> {
    const locks = this.#channel && (globalThis.navigator as Navigator | undefined)?.locks
    return locks ? this.#withLock(locks, work) : this.#inTurn(work)
  }

  tell(message: Message): void {
    this.#channel?.postMessage(message)
  }

  /** Lets the others tell what they have, and comes back once one has, or shortly after. */
  async ask(): Promise<void> {
    if (!this.#channel) return
    await new Promise<void>((resolve) => {
      this.#whenHeard = resolve
      setTimeout(resolve, ANSWER_MS)
      this.tell({ kind: 'asked' })
    })
  }

  close(): void {
    this.#channel?.close()
    this.#channel = null
  }

  async #withLock<T>(locks: LockManager, work: (waited: boolean) => Promise<T>): Promise<T> {
    const atOnce = await locks.request(this.#name, { ifAvailable: true }, async (lock) =>
      lock ? { result: await work(false) } : null,
    )
    return atOnce ? atOnce.result : await locks.request(this.#name, () => work(true))
  }

  #inTurn<T>(work: (waited: boolean) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const others = this.#whenIdle
      await others
      this.tell({ kind: 'busy' })
      return work(others !== null).finally(() => this.tell({ kind: 'idle' }))
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  #take(message: Message): void {
    switch (message.kind) {
      case 'busy':
        this.#waitForOthers()
        return
      case 'idle':
        this.#othersAreIdle()
        return
      default:
        this.#hear(message)
        if (message.kind === 'tokens' || message.kind === 'signed-out') this.#whenHeard()
    }
  }

  #waitForOthers(): void {
    const whenIdle = new Promise<void>((resolve) => {
      this.#othersAreIdle = resolve
      setTimeout(resolve, BUSY_MS)
    }).then(() => {
      if (this.#whenIdle === whenIdle) this.#whenIdle = null
    })
    this.#whenIdle = whenIdle
  }
}
