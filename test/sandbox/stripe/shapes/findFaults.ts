import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject } from 'ajv'
import type { StripeShapes } from '../../../../scripts/describeStripe.ts'

/** The types of the SDK as JSON Schema; scripts/describeStripe.ts says how they are made. */
export const shapes = JSON.parse(
  readFileSync(new URL('./schema.json', import.meta.url), 'utf8'),
) as StripeShapes

/** An object of Stripe's, or a list of them. */
export interface Shaped {
  id?: string
  object?: string
  deleted?: boolean
  data?: unknown
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
ajv.addSchema({ $id: 'stripe', definitions: shapes.definitions })

const LIST_MEMBERS = ['data', 'has_more', 'object', 'url']

/** Where the object is not as the SDK's types say, each with what it is, its id and the place; else nothing. */
export function findFaults(object: Shaped): string[] {
  if (object.object === 'list') return findListFaults(object)
  if (object.object === 'event') return [...faultsOf(object), ...findEventFaults(object)]
  return faultsOf(object)
}

function faultsOf(object: Shaped): string[] {
  const word = String(object.object)
  const name = (object.deleted ? shapes.deletedKinds : shapes.kinds)[word]
  const validate = name && ajv.getSchema(`stripe#/definitions/${encodeURIComponent(name)}`)
  if (!validate) return [`${word} ${object.id}: is no kind of object that Stripe has`]
  if (validate(object)) return []
  return withoutEchoes(validate.errors ?? []).map((error) => `${word} ${object.id}: ${tell(error)}`)
}

/** That nothing of several fits, and that it is not null either, adds nothing to why the other does not fit. */
function withoutEchoes(errors: ErrorObject[]): ErrorObject[] {
  const causes = errors.filter(({ keyword }) => keyword !== 'anyOf')
  return causes.filter(
    (error) =>
      error.params.type !== 'null' ||
      !causes.some((other) => other !== error && other.instancePath.startsWith(error.instancePath)),
  )
}

function tell({ instancePath, message, params }: ErrorObject): string {
  const { additionalProperty, allowedValues } = params
  const more: unknown = additionalProperty ?? allowedValues?.join(', ')
  return `${instancePath || '/'} ${message}${more === undefined ? '' : `: ${more}`}`
}

function findListFaults(list: Shaped): string[] {
  const members = Object.keys(list).sort()
  if (!Array.isArray(list.data) || members.join() !== LIST_MEMBERS.join()) {
    return [`list: has ${members.join(', ')} instead of ${LIST_MEMBERS.join(', ')}`]
  }
  return list.data.flatMap(findFaults)
}

/** An event is about an object of the kind that its type says, as it was then. */
function findEventFaults(event: Shaped & { type?: string }): string[] {
  const { object, previous_attributes: before = {} } = event.data as {
    object: Shaped
    previous_attributes?: object
  }
  const at = `event ${event.id} (${event.type})`
  const faults = findFaults(object).map((fault) => `${at}: ${fault}`)
  const kind = shapes.events[event.type ?? '']
  if (kind !== object.object) faults.push(`${at}: is about a ${object.object} instead of a ${kind}`)
  const { properties = {} } = shapes.definitions[shapes.kinds[kind ?? ''] ?? ''] ?? {}
  const unknown = Object.keys(before).filter((name) => !(name in properties))
  return [...faults, ...unknown.map((name) => `${at}: /data/previous_attributes has an unknown ${name}`)]
}
