const HEARD = 3

/** What time it is at the service, wherever the clock of this machine stands. */
export class ServiceClock {
  readonly #now: (isExact?: boolean) => number
  /** How far the service was ahead, as the last times it told seemed to say: each was on its way for a while. */
  #ahead: number[] = []
  #offset = 0
  #isTold = false

  constructor(now: (isExact?: boolean) => number) {
    this.#now = now
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now() + this.#offset
  }

  /** Whether the service has told its time yet. */
  get isTold(): boolean {
    return this.#isTold
  }

  /** Takes the time from a mark. The one that was on its way the shortest is right; older ones give way to a clock that was set back. */
  hear(at: number): void {
    this.#ahead = [...this.#ahead.slice(1 - HEARD), at - this.#now(true)]
    this.#offset = Math.max(...this.#ahead)
    this.#isTold = true
  }

  /** Takes the time from a reply: that it is later than was thought, or what it is at all. What is on its way for long says nothing else. */
  hearAtLeast(at: number): void {
    if (!this.#isTold || at > this.now()) this.hear(at)
  }
}
