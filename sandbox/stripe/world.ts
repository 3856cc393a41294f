import { randomBytes } from 'node:crypto'
import type { Kind, Objects } from './objects.ts'
import type { Store } from './store.ts'

/** What operations and the passing of time work on: what Stripe holds, at one instant. */
export interface World {
  store: Store
  /** Where a browser reaches the sandbox, without a slash at the end: pages are below `/stripe/`. */
  publicUrl: string
  /** The instant, in seconds; of a customer on a test clock, the time of that clock. */
  now(customer?: string | null): number
  /** Notes an event of this change. `before` are the old values of fields that an update changed. */
  emit<K extends Kind>(type: string, kind: K, object: Objects[K], before?: object): void
}

/** The world that an operation works on, which can look at other instants too. */
export interface Moment extends World {
  /** The same at another instant, within the same change: of a test clock, where one is named. */
  at(seconds: number, clock?: string | null): World
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** An id as Stripe makes them: `newId('sub')` is `sub_1Q…`. */
export function newId(prefix: string, length = 24): string {
  return `${prefix}_${[...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')}`
}
