import type { Shaped } from './findFaults.ts'
import samples from './samples.json' with { type: 'json' }

type Members = Record<string, unknown>

/** What Stripe's sample objects have beside what is current, or what the stand-in has no use for. */
const elsewhere: Record<string, string> = {
  'charge.refunds': 'only when it is expanded, since 2022-11-15',
  'invoice.subscription': 'gone since 2025-03-31, when `parent` came',
  'payment_intent.amount_details': 'optional: tips and line items',
  'payment_intent.transfer_data': 'optional: connected accounts',
}

/** Every object among these and inside of them, by its kind, without deleted ones. */
export function gatherByKind(values: unknown[]): Map<string, Members[]> {
  const found = new Map<string, Members[]>()
  const gather = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { object, deleted } = value as Shaped
    if (typeof object === 'string' && !deleted) {
      const known = found.get(object) ?? []
      found.set(object, known)
      known.push(value as Members)
    }
    Object.values(value).forEach(gather)
  }
  values.forEach(gather)
  return found
}

/**
 * Where an object lacks a member that Stripe's sample of its kind has, or has one of another type: samples.json
 * names the members of https://github.com/stripe/openapi (2026-08), of each kind and one level below, with their
 * types. A member that may be null in either tells nothing. What is listed above and found after all is told too.
 */
export function compareSamples(objects: Map<string, Members[]>): string[] {
  return Object.entries(samples).flatMap(([kind, members]) => {
    const ours = objects.get(kind) ?? []
    if (ours.length === 0) return [`${kind}: there is none`]
    return Object.entries(members).flatMap(([path, type]) => {
      const place = `${kind}.${path}`
      const types = new Set(ours.flatMap((object) => valuesAt(object, path)).map(typeOf))
      if (place in elsewhere) return types.has('absent') ? [] : [`${place}: is there`]
      return [...types]
        .filter((found) => !isCompatible(found, type))
        .map((found) => `${place}: is ${found}, not ${type}`)
    })
  })
}

/** The values at `member`, `member.inner` or `member[].inner`; none where the member is null or an empty list. */
function valuesAt(object: Members, path: string): unknown[] {
  const [member = '', inner] = path.split(/(?:\[\])?\./)
  const value = object[member]
  if (inner === undefined) return [value]
  const holders = Array.isArray(value) ? value : [value]
  return holders.filter((one) => typeof one === 'object' && one !== null).map((one: Members) => one[inner])
}

function typeOf(value: unknown): string {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isCompatible(found: string, type: string): boolean {
  return found === type || found === 'null' || (found !== 'absent' && type === 'null')
}
