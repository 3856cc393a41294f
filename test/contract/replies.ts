import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type Operation, openapi, type Schema } from './operations.ts'

/** A reader of the schemas in openapi.json that takes them at their word. */
export function schemaReader(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
  addFormats.default(ajv)
  return ajv.addVocabulary(['components'])
}

/** A schema as it stands in openapi.json, so that its references lead somewhere. */
export function withComponents(schema: Schema): Schema {
  return { ...schema, components: { schemas: openapi.components.schemas } }
}

const ajv = schemaReader()
const readRefusal = readerOnce((schema) => ajv.compile(withComponents(schema)))
const readSuccess = readerOnce((schema) => ajv.compile(closed(withComponents(schema))))

/** Compiles each schema once: that takes far longer than reading something by it. */
function readerOnce(compile: (schema: Schema) => ValidateFunction): (schema: Schema) => ValidateFunction {
  const readers = new WeakMap<Schema, ValidateFunction>()
  return (schema) => {
    const reader = readers.get(schema) ?? compile(schema)
    readers.set(schema, reader)
    return reader
  }
}

/** Any request may be answered with these, whatever it is for. */
const ofAnyRequest = [
  'payload-too-large',
  'unsupported-media-type',
  'headers-too-large',
  'method-not-allowed',
  'internal',
  'overloaded',
]

/** What a reply has that its operation does not promise, or lacks that it does; nothing when it keeps the contract. */
export function breachesOf({ replies, refusals }: Operation, status: number, body: unknown): string[] {
  const isProblem = status >= 400
  const schema = replies[isProblem ? 'default' : String(status)]
  if (schema === undefined) return [`status ${status} is not in the contract`]
  if (schema === null) return body === null ? [] : ['a body where none is promised']
  const validate = isProblem ? readRefusal(schema) : readSuccess(schema)
  const { code } = (body ?? {}) as { code?: string }
  if (isProblem && code && !refusals.includes(code) && !ofAnyRequest.includes(code))
    return [`the code ${code} is not named`]
  if (validate(body)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
}

/** The same schema with every object in it closed: a field that nobody promised is a breach too. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  const isOpen = inner.type === 'object' && inner.properties && !('additionalProperties' in inner)
  return (isOpen ? { ...inner, additionalProperties: false } : inner) as T
}

/** What JSON Schema calls a uuid; ajv-formats takes URNs for it too. */
const plainUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const strict = addFormats.default(new Ajv2020({ strict: false })).addFormat('uuid', plainUuid)
const coercing = addFormats
  .default(new Ajv2020({ strict: false, coerceTypes: 'array' }))
  .addFormat('uuid', plainUuid)
const readStrictly = readerOnce((schema) => strict.compile(withComponents(schema)))

/** Whether a value is one that the schema takes. */
export function fits(schema: Schema, value: unknown): boolean {
  return readStrictly(schema)(value)
}

/** Values that a field of a body must not take. */
export function valuesAgainst(schema: Schema): unknown[] {
  return [null, true, 7, -1.5, '', ' ', 'x'.repeat(5000), [], ['x'], {}, { a: 1 }].filter(
    (value) => !fits(schema, value),
  )
}

const aUrn = 'urn:uuid:01900000-0000-7000-8000-000000000000'

/** Texts that a parameter of a query must not hold. */
export function textsAgainst(schema: Schema): string[] {
  const fits = coercing.compile(withComponents({ type: 'object', properties: { it: schema } }))
  return ['', 'x', '0', '-1', '1.5', 'true', 'null', 'x'.repeat(5000), '👻', aUrn].filter(
    (text) => !fits({ it: text }),
  )
}
