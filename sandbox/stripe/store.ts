import type { Kept } from './objects.ts'

/** One object that was written, or removed where `object` is null. */
export interface Write {
  kind: string
  id: string
  object: object | null
}

/** Keeps what was written by one change, for a later run. */
export type Journal = (writes: Write[]) => void

interface Entry {
  object: object
  /** Counts up with every object that is created. */
  place: number
}

/**
 * What Stripe holds. Objects are never changed in place: a new one is put under the same id, in the place of
 * the old. `change` makes many writes one: all are kept, or none.
 */
export class Store {
  readonly #kinds = new Map<string, Map<string, Entry>>()
  readonly #byCustomer = new Map<string, Map<string, Set<string>>>()
  readonly #journal: Journal
  readonly #listeners: ((writes: Write[]) => void)[] = []
  #writes: Write[] | null = null
  #undo: (() => void)[] = []
  #created = 0

  constructor(journal: Journal = () => {}) {
    this.#journal = journal
  }

  get<K extends keyof Kept>(kind: K, id: string): Kept[K] | undefined {
    return this.#kinds.get(kind)?.get(id)?.object as Kept[K] | undefined
  }

  /** All of a kind, in the order in which they were created. */
  list<K extends keyof Kept>(kind: K): Kept[K][] {
    return Array.from(this.#kinds.get(kind)?.values() ?? [], ({ object }) => object as Kept[K])
  }

  /** Those of a kind whose `customer` is this one, in the order in which they were created. */
  listOf<K extends keyof Kept>(kind: K, customer: string): Kept[K][] {
    const ids = this.#byCustomer.get(kind)?.get(customer) ?? []
    return [...ids].flatMap((id) => {
      const object = this.get(kind, id)
      return object && customerOf(object) === customer ? object : []
    })
  }

  /** Tells by a number which object was created before which; of one kind, unless none is named. */
  placeOf(id: string, kind?: string): number | undefined {
    const kinds = kind === undefined ? [...this.#kinds.values()] : [this.#kinds.get(kind)]
    return kinds.find((entries) => entries?.has(id))?.get(id)?.place
  }

  put<K extends keyof Kept>(kind: K, object: Kept[K]): Kept[K] {
    this.#write({ kind, id: object.id, object })
    return object
  }

  remove(kind: keyof Kept, id: string): void {
    this.#write({ kind, id, object: null })
  }

  /** Everything that is held, as the writes that make it anew, in the order in which it was created. */
  contents(): Write[] {
    return [...this.#kinds].flatMap(([kind, entries]) =>
      [...entries].map(([id, { object }]) => ({ kind, id, object })),
    )
  }

  /** Calls `listener` with the writes of each change, once they are kept. */
  onChange(listener: (writes: Write[]) => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Runs `work`; what it wrote is kept as one, or undone when it throws. Changes within it are part of it: they are
   * undone with it, or alone where only they throw.
   */
  change<T>(work: () => T): T {
    if (this.#writes) return this.#changeWithin(this.#writes, work)
    const writes: Write[] = []
    this.#writes = writes
    this.#undo = []
    let result: T
    try {
      result = work()
      if (writes.length > 0) this.#journal(writes)
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo()
      throw error
    } finally {
      this.#writes = null
    }
    if (writes.length > 0) for (const listener of this.#listeners) listener(writes)
    return result
  }

  #changeWithin<T>(writes: Write[], work: () => T): T {
    const [written, done] = [writes.length, this.#undo.length]
    try {
      return work()
    } catch (error) {
      for (const undo of this.#undo.splice(done).reverse()) undo()
      writes.length = written
      throw error
    }
  }

  /** Takes writes of an earlier run. */
  restore(writes: Write[]): void {
    for (const write of writes) this.#apply(write)
  }

  #write(write: Write): void {
    if (!this.#writes) throw new Error(`A ${write.kind} was written outside of a change`)
    const before = this.#kinds.get(write.kind)?.get(write.id)
    this.#undo.push(() => this.#putBack(write, before))
    this.#apply(write)
    this.#writes.push(write)
  }

  #apply({ kind, id, object }: Write): void {
    const entries = this.#kinds.get(kind) ?? new Map<string, Entry>()
    this.#kinds.set(kind, entries)
    if (!object) {
      entries.delete(id)
      return
    }
    entries.set(id, { object, place: entries.get(id)?.place ?? this.#created++ })
    const customer = customerOf(object)
    if (customer !== undefined) this.#indexByCustomer(kind, customer, id)
  }

  #putBack({ kind, id }: Write, before: Entry | undefined): void {
    const entries = this.#kinds.get(kind) ?? new Map<string, Entry>()
    const isRemoved = !entries.has(id)
    if (before) entries.set(id, before)
    else entries.delete(id)
    if (!before || !isRemoved) return
    const inOrder = [...entries].sort(([, one], [, other]) => one.place - other.place)
    this.#kinds.set(kind, new Map(inOrder))
  }

  /** Ids stay: an object that was removed, or belongs to another customer by now, is found out on reading. */
  #indexByCustomer(kind: string, customer: string, id: string): void {
    const customers = this.#byCustomer.get(kind) ?? new Map<string, Set<string>>()
    this.#byCustomer.set(kind, customers)
    const ids = customers.get(customer) ?? new Set<string>()
    customers.set(customer, ids)
    ids.add(id)
  }
}

function customerOf(object: object): string | undefined {
  const { customer } = object as { customer?: unknown }
  return typeof customer === 'string' ? customer : undefined
}
