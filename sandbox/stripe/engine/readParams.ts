import { parse } from 'qs'
import type { TSchema } from 'typebox'
import { StripeRefusal } from '../refusal.ts'
import { formats } from './formats.ts'
import { LONGEST_KEY, LONGEST_VALUE, MOST_KEYS } from './metadata.ts'

/** What of JSON Schema the parameters of operations are described with. */
interface Schema {
  type?: string
  const?: unknown
  enum?: unknown[]
  format?: string
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  patternProperties?: Record<string, Schema>
  minimum?: number
  maximum?: number
}

export type RawParams = Record<string, unknown>

const MOST_PARAMETERS = 10_000
const PROTOTYPE = /(^|\[)__proto__($|[[\]])/
const INTEGER = /^[+-]?\d+$/
const NUMBER = /^[+-]?\d+(\.\d+)?$/

/** The parameters as text: nested as their names say, `items[0][price]` and `expand[]` alike. */
export function parseParams(encoded: string): RawParams {
  const raw: RawParams = parse(encoded, {
    depth: 20,
    arrayLimit: MOST_PARAMETERS,
    parameterLimit: MOST_PARAMETERS,
    // Names of what every object has are names like others.
    plainObjects: true,
  })
  // The parser drops this one; it is to be refused by its whole name.
  for (const [name, value] of new URLSearchParams(encoded)) if (PROTOTYPE.test(name)) raw[name] = value
  return raw
}

/** The parameters of an operation, as its schema has them; refuses what does not fit, in Stripe's words. */
export function readParams(schema: TSchema, raw: RawParams): { params: RawParams; expand: string[] } {
  const { expand = [], ...rest } = raw
  const paths = readValue({ type: 'array', items: { type: 'string' } }, expand, 'expand') as string[]
  return { params: readObject(schema as Schema, rest, ''), expand: paths }
}

function readValue(schema: Schema, value: unknown, name: string): unknown {
  if (schema.anyOf) return readUnion(schema.anyOf, value, name)
  if (schema.const !== undefined) return readOneOf([schema.const], value, name)
  if (schema.enum) return readOneOf(schema.enum, value, name)
  switch (schema.type) {
    case 'object':
      return readObject(schema, value, name)
    case 'array':
      return readArray(schema, value, name)
    case 'integer':
      return readNumber(schema, INTEGER, value, name)
    case 'number':
      return readNumber(schema, NUMBER, value, name)
    case 'boolean':
      return readBoolean(value, name)
    case 'string':
      return readText(schema, value, name)
    default:
      return value
  }
}

function readObject(
  { properties = {}, required = [], patternProperties }: Schema,
  value: unknown,
  name: string,
) {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('Invalid object', name)
  const given = Object.entries(value).filter(([, member]) => member !== undefined)
  const [any] = Object.values(patternProperties ?? {})
  if (any) checkMap(given, name)
  const unknown = any ? [] : given.map(([key]) => key).filter((key) => !Object.hasOwn(properties, key))
  if (unknown.length > 0) throw refuseUnknown(unknown.map((key) => nameOf(name, key)))
  const missing = required.find((key) => !given.some(([known]) => known === key))
  if (missing !== undefined) {
    const param = nameOf(name, missing)
    throw refuse(`Missing required param: ${param}.`, param, 'parameter_missing')
  }
  const members = given.map(([key, member]) => {
    // In a map of any keys '' is a value of its own: it removes the key.
    if (any && member === '') return [key, member]
    return [key, readValue(any ?? properties[key] ?? {}, member, nameOf(name, key))]
  })
  return Object.fromEntries(members) as RawParams
}

/** The only maps of any keys are metadata: https://docs.stripe.com/api/metadata */
function checkMap(given: [string, unknown][], name: string): void {
  if (given.length > MOST_KEYS) {
    throw refuse(`Metadata can have up to ${MOST_KEYS} keys, but you passed in ${given.length}.`, name)
  }
  for (const [key, value] of given) {
    const where = nameOf(name, key)
    if (key.length > LONGEST_KEY) {
      throw refuse(
        `Metadata keys can have up to ${LONGEST_KEY} characters, but you passed in a key that is ${key.length} characters.`,
        where,
      )
    }
    if (String(value).length > LONGEST_VALUE) {
      throw refuse(
        `Metadata values can have up to ${LONGEST_VALUE} characters, but you passed in a value that is ${String(value).length} characters.`,
        where,
      )
    }
  }
}

function readArray({ items = {} }: Schema, value: unknown, name: string): unknown[] {
  // Numbered with gaps, or from 1, an array is read as an object.
  const isNumbered =
    typeof value === 'object' && value !== null && Object.keys(value).every((key) => INTEGER.test(key))
  if (!Array.isArray(value) && !isNumbered) throw refuse('Invalid array', name)
  return Object.values(value as object).map((item, place) => readValue(items, item, `${name}[${place}]`))
}

/** The first alternative that fits; else what the most telling one has against it. */
function readUnion(alternatives: Schema[], value: unknown, name: string): unknown {
  const words = alternatives.flatMap(
    (schema) => schema.enum ?? (schema.const === undefined ? [] : [schema.const]),
  )
  if (words.includes(value)) return value
  const others = alternatives.filter((schema) => schema.const === undefined && !schema.enum)
  let refusal: unknown
  for (const schema of others) {
    try {
      return readValue(schema, value, name)
    } catch (error) {
      const isObject = schema.type === 'object' || schema.type === 'array'
      if (refusal === undefined || isObject === (typeof value === 'object')) refusal = error
    }
  }
  throw refusal ?? refuseOneOf(words, name)
}

function readOneOf(words: unknown[], value: unknown, name: string): unknown {
  const found = words.find((word) => String(word) === value)
  if (found === undefined) throw refuseOneOf(words, name)
  return found
}

function readNumber({ minimum, maximum }: Schema, pattern: RegExp, value: unknown, name: string): number {
  if (typeof value !== 'string' || !pattern.test(value)) {
    if (value === '') throw refuseEmpty(name)
    const isInteger = pattern === INTEGER
    throw refuse(
      `Invalid ${isInteger ? 'integer' : 'decimal'}: ${String(value)}`,
      name,
      isInteger ? 'parameter_invalid_integer' : undefined,
    )
  }
  const number = Number(value)
  if (minimum !== undefined && number < minimum) {
    throw refuse(`This value must be greater than or equal to ${minimum}.`, name, 'parameter_invalid_integer')
  }
  if (maximum !== undefined && number > maximum) {
    throw refuse(`This value must be less than or equal to ${maximum}.`, name, 'parameter_invalid_integer')
  }
  return number
}

function readBoolean(value: unknown, name: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw value === '' ? refuseEmpty(name) : refuse(`Invalid boolean: ${String(value)}`, name)
}

function readText({ format = '' }: Schema, value: unknown, name: string): string {
  if (typeof value !== 'string') throw refuse(`Invalid string: ${JSON.stringify(value)}`, name)
  if (value === '') throw refuseEmpty(name)
  return formats[format]?.(value, name) ?? value
}

const nameOf = (object: string, key: string) => (object === '' ? key : `${object}[${key}]`)

function refuse(message: string, param: string, code?: string): StripeRefusal {
  return new StripeRefusal(message, code === undefined ? { param } : { param, code })
}

function refuseUnknown(names: string[]): StripeRefusal {
  const word = names.length === 1 ? 'parameter' : 'parameters'
  return refuse(`Received unknown ${word}: ${names.join(', ')}`, names[0] ?? '', 'parameter_unknown')
}

function refuseOneOf(words: unknown[], name: string): StripeRefusal {
  const list = words.map(String).filter(Boolean)
  const known = list.length > 1 ? `one of ${list.slice(0, -1).join(', ')}, or ${list.at(-1)}` : list.join('')
  return refuse(`Invalid ${name}: must be ${known}`, name)
}

/** https://docs.stripe.com/error-codes#parameter-invalid-empty */
function refuseEmpty(name: string): StripeRefusal {
  return refuse(
    `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`,
    name,
    'parameter_invalid_empty',
  )
}
