import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Operation, openapi, operations, type Schema } from '../contract/operations.ts'
import { hostileHeaders, hostileText, hostileValue, pollution } from './hostileValues.ts'

/** Who calls: nobody, each kind of caller that the service knows, and whoever has made something up. */
const callers = ['nobody', 'member', 'viewer', 'operator', 'product', 'garbage'] as const
export type CallerKind = (typeof callers)[number]

/** A request before it is sent: `{{…}}` in it stands for an id or a secret of the stage, which differ from run to run. */
export interface SomeRequest {
  operation: Operation
  caller: CallerKind
  method: string
  target: string
  headers: [string, string][]
  body: Buffer | null
}

/** What a stage has for the places in requests. */
const places = ['account', 'user', 'session', 'otherAccount', 'otherUser', 'email', 'password'] as const
export type Place = (typeof places)[number]

const PLACES = fc.constantFrom(...places.map((place) => `{{${place}}}`))
const DEEPEST = 6

/** What fields with these names would hold, so that some requests get past the first check. */
const plausible: Record<string, string[]> = {
  email: ['{{email}}', 'ada@customer.example', 'Ünïcode@customer.example'],
  password: ['{{password}}', 'wrong horse battery staple'],
  current_password: ['{{password}}'],
  new_password: ['{{password}}', 'quite another staple battery'],
  plan: ['pro', 'team', 'free', 'enterprise', 'plan:pro'],
  require: ['plan:pro', 'plan:team'],
  feature: ['scripts', 'flowpilot'],
  limit: ['kb_conversions', 'members', '10', '1'],
  name: ['Ada', 'Engines'],
  cursor: ['eyJhIjoxfQ', 'x'],
  token: ['A'.repeat(43), 'x.y.z'],
  reason: ['Agreed'],
  url: ['https://product.example/hook'],
  query: ['{{email}}', '{{account}}', 'ada'],
  currency: ['usd'],
}

function resolved(schema: Schema): Schema {
  const { $ref } = schema as { $ref?: string }
  return $ref ? (openapi.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {}) : schema
}

/** A value that fits a schema, or nearly does. */
function valueFor(given: Schema, name = '', depth = 0): fc.Arbitrary<unknown> {
  const schema = resolved(given)
  const {
    anyOf,
    enum: words,
    const: only,
  } = schema as { anyOf?: Schema[]; enum?: unknown[]; const?: unknown }
  if (depth > DEEPEST) return hostileValue
  if (anyOf) return fc.oneof(...anyOf.map((branch) => valueFor(branch, name, depth + 1)))
  if (words) return fc.constantFrom(...words)
  if (only !== undefined) return fc.constant(only)
  switch (schema.type) {
    case 'string':
      return textFor(schema, name)
    case 'integer':
    case 'number':
      return numberFor(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(partFor(schema.items as Schema, name, depth + 1), { maxLength: 4 })
    case 'object':
      return objectFor(schema, depth)
    default:
      return hostileValue
  }
}

function textFor({ format, maxLength = 40 }: Schema, name: string): fc.Arbitrary<unknown> {
  if (format === 'uuid') return fc.oneof(PLACES, fc.uuid())
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
  const longest = Math.min(Number(maxLength), 300)
  const words = plausible[name]
  const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constant('x'.repeat(longest)))
  return words ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...words) }, text) : fc.oneof(PLACES, text)
}

function numberFor({ minimum = -10, maximum = 1_000_000 }: Schema): fc.Arbitrary<unknown> {
  const [least, most] = [Math.ceil(Number(minimum)), Math.floor(Number(maximum))]
  return fc.oneof(
    fc.integer({ min: least, max: Math.max(least, most) }),
    fc.constantFrom(least, most, least - 1, most + 1),
  )
}

function objectFor({ properties = {}, required = [] }: Schema, depth: number): fc.Arbitrary<object> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, partFor(schema, name, depth + 1)]),
  )
  const withAll = fc.record(fields, { requiredKeys: required })
  const withSome = fc.record(fields, { requiredKeys: [] })
  return fc.oneof({ weight: 4, arbitrary: withAll }, withSome)
}

/** Mostly what fits, sometimes what does not. */
function partFor(schema: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 7, arbitrary: valueFor(schema, name, depth) },
    { weight: 1, arbitrary: hostileValue },
  )
}

const encoded = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replaceAll('%7B%7B', '{{').replaceAll('%7D%7D', '}}')

/** A text as a part of a target: rightly encoded, or as it is, as far as a request line can carry it. */
const inTarget = (text: fc.Arbitrary<unknown>) =>
  fc.tuple(text, fc.integer({ min: 0, max: 9 })).map(([value, way]) => {
    const written = typeof value === 'string' ? value : String(JSON.stringify(value) ?? '')
    const short = written.slice(0, 12_000)
    return way === 0 ? short.replace(/[^!-"$->@-\uffff]/g, '%') : encoded(short)
  })

function targetFor({ path, parameters }: Operation): fc.Arbitrary<string> {
  const parts = path.split('/').map((part): fc.Arbitrary<string> => {
    const name = /\{(\w+)\}/.exec(part)?.[1]
    if (name === undefined) return fc.constant(part)
    const schema = parameters.find((known) => known.in === 'path' && known.name === name)?.schema ?? {}
    return inTarget(fc.oneof({ weight: 4, arbitrary: valueFor(schema, name) }, hostileText))
  })
  const asked = parameters
    .filter((known) => known.in === 'query')
    .map(({ name, schema }) =>
      fc.option(
        inTarget(partFor(schema, name, 0)).map((text) => `${name}=${text}`),
        { freq: 2, nil: '' },
      ),
    )
  const odd = fc.constantFrom(
    '',
    '',
    '',
    '',
    '',
    '',
    'limit=1&limit=2',
    'a[b]=1',
    '__proto__=1',
    '%',
    '&&&',
    `x=${'y'.repeat(8_000)}`,
  )
  return fc.tuple(fc.tuple(...parts), fc.tuple(...asked, odd)).map(([inPath, query]) => {
    const search = query.filter((each) => each !== '').join('&')
    return inPath.join('/') + (search && `?${search}`)
  })
}

/** What becomes of a body on its way: mostly nothing. */
const spoilers: ((text: string) => Buffer)[] = [
  (text) => Buffer.from(text.slice(0, Math.floor(text.length / 2))),
  (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
  (text) =>
    Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xc3, 0x28, 0xff, 0xfe]), Buffer.from('}')]),
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.from(`${text}${text}`),
  (text) => Buffer.from(text.replace(/\d+/, '1e99999')),
  (text) => Buffer.from(text.replace('{', `{${pollution[text.length % pollution.length]},`)),
  (text) => Buffer.from(text.replace(/^\{("\w+"):/, '{$1:"twice",$1:')),
  (text) => gzipSync(text),
  (text) => Buffer.from(`--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n${text}\r\n--x--\r\n`),
  () => Buffer.from('['.repeat(60_000)),
  () => Buffer.from(`${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`),
  () => Buffer.alloc(70_000, 'x'),
  () => Buffer.alloc(0),
  () => Buffer.from([0]),
]

function bodyFor({ body, method }: Operation): fc.Arbitrary<Buffer | null> {
  if (!body) return method === 'POST' ? fc.constantFrom(null, Buffer.from('{}')) : fc.constant(null)
  const spoil = fc.option(fc.constantFrom(...spoilers), { freq: 4, nil: null })
  const value = fc.oneof({ weight: 9, arbitrary: valueFor(body) }, { weight: 1, arbitrary: hostileValue })
  return fc.tuple(value, spoil, spoil).map(([sent, first, second]) => {
    const text = JSON.stringify(sent) ?? 'null'
    return first && second ? first(text) : Buffer.from(text)
  })
}

const someHeaders: fc.Arbitrary<[string, string][]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<[string, string][]>([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc
        .constantFrom(...hostileHeaders)
        .chain(([name, values]) =>
          fc.constantFrom(...values).map((value): [string, string] => [name, value]),
        ),
      { minLength: 1, maxLength: 3 },
    ),
  },
)

function requestTo(operation: Operation): fc.Arbitrary<SomeRequest> {
  const odd = fc.constantFrom('HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'GET', 'DELETE', 'PATCH')
  return fc.record({
    operation: fc.constant(operation),
    caller: fc.constantFrom(...callers),
    method: fc.oneof(
      { weight: 19, arbitrary: fc.constant<string>(operation.method) },
      { weight: 1, arbitrary: odd },
    ),
    target: targetFor(operation),
    headers: someHeaders,
    body: bodyFor(operation),
  })
}

const someRequest = fc.oneof(...operations.map(requestTo))

/** Requests to whatever operations by whatever callers; the same seed makes the same ones. */
export function someRequests(seed: number, count: number): SomeRequest[] {
  return fc.sample(someRequest, { seed, numRuns: count })
}

/** One request to each operation by each kind of caller. */
export function oneOfEach(seed: number): SomeRequest[] {
  return operations.flatMap((operation, i) =>
    callers.flatMap((caller) =>
      fc
        .sample(requestTo(operation), { seed: seed + i, numRuns: 1 })
        .map((request) => ({ ...request, caller })),
    ),
  )
}
