/**
 * What was used lately, by its key: at least `most` of it, at most twice that. A look-up moves nothing but what
 * was not used for a while, so that it allocates nothing.
 */
export class Recent<V> {
  readonly #most: number
  readonly #onForgotten: (value: V) => void
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  constructor(most: number, onForgotten: (value: V) => void = () => {}) {
    this.#most = most
    this.#onForgotten = onForgotten
  }

  get(key: string): V | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const older = this.#old.get(key)
    if (older !== undefined) {
      this.#old.delete(key)
      this.set(key, older)
    }
    return older
  }

  set(key: string, value: V): void {
    const replaced = this.#young.get(key)
    if (replaced !== undefined && replaced !== value) this.#onForgotten(replaced)
    this.#young.set(key, value)
    if (this.#young.size < this.#most) return
    for (const forgotten of this.#old.values()) this.#onForgotten(forgotten)
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: string): void {
    const value = this.#young.get(key) ?? this.#old.get(key)
    this.#young.delete(key)
    this.#old.delete(key)
    if (value !== undefined) this.#onForgotten(value)
  }
}
