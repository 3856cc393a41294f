import { isDeepStrictEqual } from 'node:util'
import type { Kept, Kind, Objects } from '../objects.ts'
import type { World } from '../world.ts'

/** Puts the new state of an object and notes the event with what it was before; neither when nothing differs. */
export function replace<K extends Kind>(
  world: World,
  kind: K,
  before: Objects[K],
  after: Objects[K],
  type = `${kind}.updated`,
): Objects[K] {
  const previous = previousAttributes(before, after)
  if (Object.keys(previous).length === 0) return before
  world.store.put(kind, after as Kept[K])
  world.emit(type, kind, after, previous)
  return after
}

/** The old values of what differs, as in an event's `data.previous_attributes`; null for what was not there. */
export function previousAttributes(before: object, after: object): Record<string, unknown> {
  const old: Record<string, unknown> = { ...before }
  const now: Record<string, unknown> = { ...after }
  const names = new Set([...Object.keys(old), ...Object.keys(now)])
  const differing = [...names].filter((name) => !isDeepStrictEqual(old[name], now[name]))
  return Object.fromEntries(
    differing.map((name) => {
      const [was, is] = [old[name], now[name]]
      return [name, isPlain(was) && isPlain(is) ? previousAttributes(was, is) : (was ?? null)]
    }),
  )
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
