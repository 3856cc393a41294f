import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { roles } from '../../src/http/actor.ts'
import { dump } from '../support/dump.ts'
import { operatorToken, type Person, register, registerVerified } from '../support/people.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { cases, type Input } from './cases.ts'
import { type Operation, operations, type Schema } from './operations.ts'
import { breachesOf, withComponents } from './replies.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

test('every operation of openapi.json is in the table, and nothing else is', () => {
  expect(Object.keys(cases).sort()).toEqual(operations.map(({ operationId }) => operationId).sort())
})

test('every id that an operation takes has a case in which it is somebody else’s', () => {
  for (const { operationId, parameters, body } of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    const inBody = Object.entries(body?.properties ?? {}).filter(([, { format }]) => format === 'uuid')
    const ids = [...inPath, ...inBody.map(([name]) => name)]
    expect(Object.keys(cases[operationId]?.foreign ?? {}), operationId).toEqual(ids)
  }
})

describe.each(operations)('$operationId', (operation) => {
  const { operationId, method, path, body, parameters, security, description = '' } = operation
  const isForOperators = description === 'For operators.'
  const least = /with the role (\w+)/.exec(description)?.[1]
  const isForMembers = description.startsWith('For members')
  const query = parameters.filter((parameter) => parameter.in === 'query')

  let me: Person
  let other: Person
  let input: Input
  let bearer: string | undefined
  beforeEach(async () => {
    me = await registerVerified(t)
    other = await register(t)
    input = (await cases[operationId]?.good?.(t, me)) ?? {}
    bearer = isForOperators ? await operatorToken(t) : security ? me.accessToken : undefined
    await t.settled()
  })

  function call(changed: Input & { body?: unknown } = {}, as = bearer): Promise<TestReply> {
    const { path: fields = {}, query: asked = {}, body: sent } = { ...input, ...changed }
    const url = path.replace(/\{(\w+)\}/g, (_match, name) => encodeURIComponent(fields[name] ?? ''))
    const search = new URLSearchParams(asked).toString()
    return t.call(method, search ? `${url}?${search}` : url, {
      ...(as !== undefined && { as }),
      ...(sent !== undefined && { body: sent }),
    })
  }

  /** Makes calls that are refused, each with this status and as the contract says, and looks whether a row has changed. */
  async function expectRefused(status: number, calls: (() => Promise<TestReply>)[]): Promise<TestReply[]> {
    const before = await dump(t)
    const replies: TestReply[] = []
    for (const make of calls) replies.push(await make())
    expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => status))
    for (const reply of replies) {
      expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
      expect(reply.headers['content-type']).toBe('application/problem+json')
    }
    expect(await dump(t)).toEqual(before)
    return replies
  }

  test('a good call succeeds, and its reply keeps the contract', async () => {
    const reply = await call()
    expect(reply.status, reply.text).toBeGreaterThanOrEqual(200)
    expect(reply.status, reply.text).toBeLessThan(300)
    expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
  })

  test.runIf(security)('nobody, and somebody with a token of nobody: 401', async () => {
    const [first] = await expectRefused(401, [() => call({}, ''), () => call({}, 'x.y.z')])
    expect(first?.headers['www-authenticate']).toBe('Bearer')
  })

  test.runIf(isForOperators)('a user, owner though they are: 403', async () => {
    await expectRefused(403, [() => call({}, me.accessToken)])
  })

  test.runIf(security && !isForOperators)('an operator, who is no user: 401', async () => {
    const token = await operatorToken(t)
    await expectRefused(401, [() => call({}, token)])
  })

  test.runIf(isForMembers)('somebody who is no member: 403; a role that is too low: 403', async () => {
    const lower = least ? roles.slice(roles.findIndex((role) => role === least) + 1) : []
    for (const role of lower) {
      const { accessToken } = await guest(role)
      await expectRefused(403, [() => call({}, accessToken)])
    }
    const { accessToken, userId } = await guest('viewer')
    await t.app.pool.query('delete from members where user_id = $1', [userId])
    await expectRefused(403, [() => call({}, accessToken)])
  })

  test.runIf(isForMembers)('the lowest role that may: not 403', async () => {
    const { accessToken } = await guest(least ?? 'viewer')
    expect((await call({}, accessToken)).status).toBeLessThan(300)
  })

  test.runIf(cases[operationId]?.foreign)('an id that is somebody else’s, or nobody’s: 404', async () => {
    for (const [name, idOf] of Object.entries(cases[operationId]?.foreign ?? {})) {
      for (const id of [await idOf(t, other), crypto.randomUUID()]) {
        const place = input.path && name in input.path ? 'path' : 'body'
        const [reply] = await expectRefused(404, [() => call({ [place]: { ...input[place], [name]: id } })])
        expect(reply?.body.code).toBe('not-found')
      }
    }
  })

  test.runIf(body)('a field that is unknown, missing or of another type: 422 with its pointer', async () => {
    const sent = input.body ?? {}
    const pointed = async (pointer: string, changed: Record<string, unknown>) => {
      const [reply] = await expectRefused(422, [() => call({ body: changed })])
      const pointers = reply?.body.errors.map((error: { pointer: string }) => error.pointer)
      expect(
        pointers.every((found: string) => found === pointer || found.startsWith(`${pointer}/`)),
        pointers,
      ).toBe(true)
    }
    await pointed('#/surprise', { ...sent, surprise: 1 })
    await pointed('#/a~1b~0c', { ...sent, 'a/b~c': 1 })
    for (const name of body?.required ?? []) {
      const { [name]: _missing, ...rest } = sent
      await pointed(`#/${name}`, rest)
    }
    for (const [name, schema] of Object.entries(body?.properties ?? {})) {
      for (const value of valuesAgainst(schema)) await pointed(`#/${name}`, { ...sent, [name]: value })
    }
  })

  test.runIf(body)('a body that is no object: 422', async () => {
    await expectRefused(
      422,
      [[], 'text', 7, true, null].map((value) => () => raw(JSON.stringify(value))),
    )
    await expectRefused(
      422,
      ['{', '{"a":1,}', 'null null', '\ufeff'].map((value) => () => raw(value)),
    )
  })

  test.runIf(query.length > 0)('a query that does not fit: 422 with its pointer', async () => {
    const asked = input.query ?? {}
    await expectRefused(422, [() => call({ query: { ...asked, surprise: '1' } })])
    for (const { name, schema } of query) {
      for (const value of textsAgainst(schema)) {
        const [reply] = await expectRefused(422, [() => call({ query: { ...asked, [name]: value } })])
        expect(reply?.body.errors[0].pointer).toMatch(new RegExp(`^#/query/${name}(/|$)`))
      }
    }
  })

  test.runIf(path.includes('{'))('a path that holds no id: 422', async () => {
    const fields = Object.keys(input.path ?? {})
    for (const value of ['x', '1', ' ', 'null', '../me', `${'0'.repeat(36)}`, 'é', 'x'.repeat(300)]) {
      const odd = Object.fromEntries(fields.map((name) => [name, value]))
      const [reply] = await expectRefused(422, [() => call({ path: odd })])
      expect(reply?.body.errors[0].pointer).toMatch(/^#\/params\//)
    }
  })

  test('whatever is sent, it is answered, and not with a fault of ours', async () => {
    const someText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('', '\0', '😀', '%00'),
    )
    const names = Object.keys(body?.properties ?? { x: {} })
    const someBody = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), someText)),
      fc.dictionary(fc.constantFrom(...names), someText).map((odd) => ({ ...input.body, ...odd })),
    )
    const someQuery = fc.dictionary(fc.constantFrom(...query.map(({ name }) => name), 'x'), someText, {
      maxKeys: 3,
    })
    await fc.assert(
      fc.asyncProperty(someBody, someQuery, async (sent, asked) => {
        // By a stranger, who could do the same: what the good caller may change is tried above.
        const replies = [await call({ body: sent as never, query: asked })]
        if (body) replies.push(await raw(JSON.stringify(sent)))
        for (const reply of replies) {
          expect(reply.status, reply.text).toBeLessThan(500)
          expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
        }
      }),
      { numRuns: 25 },
    )
  })

  /** Calls with a body as it goes over the wire. */
  function raw(text: string): Promise<TestReply> {
    return call({ body: text as never }).catch((error: unknown) => {
      throw new Error(`A body of ${text} broke the call`, { cause: error })
    })
  }

  /** Somebody who has a role in my account, and a token for it. */
  async function guest(role: string): Promise<{ accessToken: string; userId: string }> {
    const person = await registerVerified(t)
    await t.app.pool.query(
      'insert into members (account_id, user_id, role, created_at) values ($1, $2, $3, $4)',
      [me.accountId, person.userId, role, t.app.now()],
    )
    const { body: entered } = await t.call('POST', '/v1/auth/switch-account', {
      as: person.accessToken,
      body: { account_id: me.accountId },
    })
    await t.settled()
    return { accessToken: entered.access_token, userId: person.userId }
  }
})

const strict = addFormats.default(new Ajv2020({ strict: false }))
const coercing = addFormats.default(new Ajv2020({ strict: false, coerceTypes: 'array' }))

/** Values that a field must not take. */
function valuesAgainst(schema: Schema): unknown[] {
  const fits = strict.compile(withComponents(schema))
  return [null, true, 7, -1.5, '', ' ', 'x'.repeat(5000), [], ['x'], {}, { a: 1 }].filter(
    (value) => !fits(value),
  )
}

/** Texts that a parameter of a query must not hold. */
function textsAgainst(schema: Schema): string[] {
  const fits = coercing.compile({
    type: 'object',
    properties: { it: schema },
    components: withComponents({}).components,
  })
  return ['', 'x', '0', '-1', '1.5', 'true', 'null', 'x'.repeat(5000), '👻'].filter(
    (text) => !fits({ it: text }),
  )
}
