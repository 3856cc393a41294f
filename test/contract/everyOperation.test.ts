import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OperatorRole, operatorRoles, type Role, roles, scopes } from '../../src/http/actor.ts'
import { versions } from '../support/dump.ts'
import { newNetwork } from '../support/networks.ts'
import { operatorToken, type Person, register, registerVerified } from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { cases, type Input } from './cases.ts'
import { operations } from './operations.ts'
import { breachesOf, fits, textsAgainst, valuesAgainst } from './replies.ts'

let t: TestApp
/** A product key that is good for everything a key can be good for. */
let widestKey: string
beforeAll(async () => {
  t = await startTestApp()
  widestKey = (await productKey(t, [...scopes])).key
})
afterAll(() => t.close())

test('every operation of openapi.json is in the table, and nothing else is', () => {
  expect(Object.keys(cases).sort()).toEqual(operations.map(({ operationId }) => operationId).sort())
})

test('every id that an operation takes has a case in which it is somebody else’s', () => {
  for (const { operationId, parameters, body, description } of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    // Operators search by whatever ids they like.
    const inQuery = parameters.filter(
      (parameter) =>
        parameter.in === 'query' &&
        parameter.schema.format === 'uuid' &&
        !description?.startsWith('For operators'),
    )
    const inBody = Object.entries(body?.properties ?? {}).filter(([, { format }]) => format === 'uuid')
    const ids = [...inPath, ...inQuery.map(({ name }) => name), ...inBody.map(([name]) => name)]
    expect(Object.keys(cases[operationId]?.foreign ?? {}), operationId).toEqual(ids)
  }
})

/** Somebody who can call an operation rightly, and somebody whose things are not theirs. */
interface Stage {
  me: Person
  other: Person
  input: Input
  bearer: string | undefined
}

describe.each(operations)('$operationId', (operation) => {
  const { operationId, method, path, body, parameters, security, description = '' } = operation
  const { good, foreign = {}, ...takes } = cases[operationId] ?? {}
  const { takesStripe = false, takesProvider = false, isEndless = false, isLimitedByNetwork = false } = takes
  const goodStatuses = takesStripe || takesProvider ? [503] : [200, 201, 202, 204, 302]
  const isForOperators = description.startsWith('For operators')
  const isForMembers = description.startsWith('For members')
  const isForKeys = description.startsWith('For product keys')
  const leastRole = /with the role (\w+)/.exec(description)?.[1]
  const least = (leastRole ?? 'viewer') as Role
  const leastOperator = (leastRole ?? 'read') as OperatorRole
  const query = parameters.filter((parameter) => parameter.in === 'query')
  const scope = scopes.find((known) => security?.some((way) => way.productKey?.includes(known)))

  const schemaOf = (place: 'path' | 'query', name: string) =>
    parameters.find((parameter) => parameter.in === place && parameter.name === name)?.schema ?? {}

  async function setStage(): Promise<Stage> {
    const [me, other] = [await registerVerified(t), await register(t)]
    const input = (await good?.(t, me)) ?? {}
    const own = isForKeys ? widestKey : me.accessToken
    const bearer = input.as ?? (isForOperators ? await operatorToken(t) : security ? own : undefined)
    await t.settled()
    return { me, other, input, bearer }
  }

  /** Calls as the stage has it, but for what is changed; a body of text goes over the wire as it is. */
  function call(stage: Stage, changed: Omit<Input, 'body'> & { body?: unknown } = {}, as = stage.bearer) {
    const { path: fields = {}, query: asked = {}, body: sent, cookies } = { ...stage.input, ...changed }
    const url = path.replace(/\{(\w+)\}/g, (_match, name) => encodeURIComponent(fields[name] ?? ''))
    const search = new URLSearchParams(asked).toString()
    return t.call(method, search ? `${url}?${search}` : url, {
      ...(isLimitedByNetwork && { from: newNetwork() }),
      isEndless,
      ...(cookies && { cookies }),
      ...(as !== undefined && { as }),
      ...(sent !== undefined && { body: sent, headers: { 'content-type': 'application/json' } }),
    })
  }

  let stage: Stage
  beforeAll(async () => {
    stage = await setStage()
  })

  /** Makes calls that are refused, each with this status and in the words of the contract, and looks whether a row has changed. */
  async function expectRefused(status: number, calls: (() => Promise<TestReply>)[]): Promise<TestReply[]> {
    // What an earlier call has promised is done before rows are compared.
    await t.settled()
    const before = await versions(t)
    const replies: TestReply[] = []
    for (const make of calls) replies.push(await make())
    expect(replies.map((reply) => reply.status)).toEqual(calls.map(() => status))
    for (const reply of replies) {
      expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
      expect(reply.headers['content-type']).toBe('application/problem+json')
    }
    expect(await versions(t)).toEqual(before)
    return replies
  }

  /** The same for input that does not fit: all that the refusal points at lies at the pointer, or below it. */
  async function expectPointedAt(faults: [pointer: string, make: () => Promise<TestReply>][]): Promise<void> {
    const replies = await expectRefused(
      422,
      faults.map(([, make]) => make),
    )
    const pointers = replies.map((reply) =>
      reply.body.errors.map((error: { pointer: string }) => error.pointer),
    )
    faults.forEach(([pointer], i) => {
      for (const found of pointers[i]) expect(`${found}/`.startsWith(`${pointer}/`), found).toBe(true)
    })
  }

  if (security) {
    test('401: nobody, a token of nobody’s making, and a product key where none is taken', async () => {
      const bearers = ['', 'x.y.z', ...(scope ? [] : [widestKey])]
      const [nobody] = await expectRefused(
        401,
        bearers.map((bearer) => () => call(stage, {}, bearer)),
      )
      expect(nobody?.headers['www-authenticate']).toBe('Bearer')
    })

    test(
      isForOperators
        ? '403: a user, owner though they are'
        : `401: an operator, who is no user${isForKeys ? ', and a user' : ''}`,
      async () => {
        const token = isForOperators ? stage.me.accessToken : await operatorToken(t)
        await expectRefused(isForOperators ? 403 : 401, [() => call(stage, {}, token)])
        if (isForKeys) await expectRefused(401, [() => call(stage, {}, stage.me.accessToken)])
      },
    )
  }

  if (scope && isForKeys) {
    test(`a product key with the scope ${scope} suffices; 403: without it; 401: one that is revoked`, async () => {
      const [wide, narrow] = [
        await productKey(t, [scope]),
        await productKey(
          t,
          scopes.filter((other) => other !== scope),
        ),
      ]
      const reply = await call(stage, {}, wide.key)
      expect(goodStatuses, reply.text).toContain(reply.status)
      // The first use of a key is noted in its row.
      await call(stage, {}, narrow.key)
      await expectRefused(403, [() => call(stage, {}, narrow.key)])
      await revokeProductKey(t, wide.id)
      await expectRefused(401, [() => call(stage, {}, wide.key)])
    })
  }

  if (scope && !isForKeys) {
    const place = query.some(({ name }) => name === 'account_id') ? 'query' : 'body'
    const callFor = (accountId: string | undefined, key: string) => {
      const { account_id: _mine, ...rest } = stage.input[place] ?? {}
      return call(stage, { [place]: { ...rest, ...(accountId && { account_id: accountId }) } }, key)
    }

    test(`a product key with the scope ${scope} suffices, for any account`, async () => {
      const { key } = await productKey(t, [scope])
      for (const { accountId } of [stage.me, stage.other]) {
        const reply = await callFor(accountId, key)
        expect(goodStatuses, reply.text).toContain(reply.status)
        expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
      }
    })

    test('401: a product key that is revoked, and one that nobody made', async () => {
      const revoked = await productKey(t, [scope])
      await revokeProductKey(t, revoked.id)
      const strange = [revoked.key, `fg_${'x'.repeat(43)}`, 'fg_', revoked.key.slice(0, -1)]
      await expectRefused(
        401,
        strange.map((key) => () => callFor(stage.me.accountId, key)),
      )
    })

    test('403: a product key without the scope; 404: no account, or a closed one; 422: no id', async () => {
      const others = scopes.filter((other) => other !== scope)
      const [narrow, wide] = [await productKey(t, others), await productKey(t, [scope])]
      // The first use of a key is noted in its row.
      for (const { key } of [narrow, wide]) await callFor(stage.me.accountId, key)
      await expectRefused(403, [() => callFor(stage.me.accountId, narrow.key)])
      const { accountId: closed } = await register(t)
      await t.app.pool.query('update accounts set closed_at = created_at where id = $1', [closed])
      await expectRefused(
        404,
        [closed, randomUUID()].map((id) => () => callFor(id, wide.key)),
      )
      const pointer = place === 'query' ? '#/query/account_id' : '#/account_id'
      await expectPointedAt([[pointer, () => callFor(undefined, wide.key)]])
    })
  }

  if (isForOperators) {
    test(`the role ${leastOperator} of operators suffices; 403: each that is too low`, async () => {
      for (const role of operatorRoles.slice(operatorRoles.indexOf(leastOperator) + 1)) {
        const as = await operatorToken(t, role)
        const [refused] = await expectRefused(403, [() => call(stage, {}, as)])
        expect(refused?.body.detail).toContain(`the role ${leastOperator}`)
      }
      const staged = await setStage()
      const reply = await call(staged, {}, staged.input.as ?? (await operatorToken(t, leastOperator)))
      expect(goodStatuses, reply.text).toContain(reply.status)
    })
  }

  if (isForMembers) {
    test('403: each role that is too low, and who is no member any more', async () => {
      for (const role of roles.slice(roles.indexOf(least) + 1)) {
        const { accessToken } = await guest(stage, role)
        await expectRefused(403, [() => call(stage, {}, accessToken)])
      }
      const { accessToken, userId } = await guest(stage, 'viewer')
      await t.app.pool.query('delete from members where user_id = $1', [userId])
      await expectRefused(403, [() => call(stage, {}, accessToken)])
    })

    test(`the role ${least} suffices`, async () => {
      const staged = await setStage()
      const { accessToken } = await guest(staged, least)
      expect(goodStatuses).toContain((await call(staged, {}, accessToken)).status)
    })
  }

  for (const [name, idOf] of Object.entries(foreign)) {
    const [status, code] = takesStripe ? [503, 'stripe-not-configured'] : [404, 'not-found']

    test(`${status}: ${name} is somebody else’s, or nobody’s`, async () => {
      const { input, other } = stage
      const place = (['path', 'query'] as const).find((part) => input[part]?.[name] !== undefined) ?? 'body'
      const schema = place === 'body' ? body?.properties?.[name] : schemaOf(place, name)
      const ids = [await idOf(t, other), ...(schema?.format === 'uuid' ? [randomUUID()] : [])]
      const replies = await expectRefused(
        status,
        ids.map((id) => () => call(stage, { [place]: { ...input[place], [name]: id } })),
      )
      expect(replies.map((reply) => reply.body.code)).toEqual(ids.map(() => code))
    })
  }

  if (path.includes('{')) {
    test('422: a path that holds no id', async () => {
      const names = Object.keys(stage.input.path ?? {})
      const urn = `urn:uuid:${randomUUID()}`
      const values = ['x', '1', ' ', 'null', '../me', '0'.repeat(36), 'é', 'x'.repeat(300), urn]
      const odd = values
        .filter((value) => names.some((name) => !fits(schemaOf('path', name), value)))
        .map((value) => Object.fromEntries(names.map((name) => [name, value])))
      await expectPointedAt(odd.map((fields) => ['#/params', () => call(stage, { path: fields })]))
    })
  }

  if (query.length > 0) {
    test('422: a query that does not fit', async () => {
      const asked = (name: string, value: string) => () =>
        call(stage, { query: { ...stage.input.query, [name]: value } })
      const unfit = query.flatMap(({ name, schema }) =>
        textsAgainst(schema).map(
          (text) => [`#/query/${name}`, asked(name, text)] as [string, () => Promise<TestReply>],
        ),
      )
      await expectPointedAt([['#/query/surprise', asked('surprise', '1')], ...unfit])
    })
  }

  if (body?.type === 'object') {
    test('422: a field that is unknown, missing or of another type', async () => {
      const sent = stage.input.body ?? {}
      const faults: [string, Record<string, unknown>][] = [
        ['#/surprise', { ...sent, surprise: 1 }],
        ['#/a~1b~0c', { ...sent, 'a/b~c': 1 }],
      ]
      for (const name of body.required ?? []) {
        const { [name]: _missing, ...rest } = sent
        faults.push([`#/${name}`, rest])
      }
      for (const [name, schema] of Object.entries(body.properties ?? {})) {
        for (const value of valuesAgainst(schema)) faults.push([`#/${name}`, { ...sent, [name]: value }])
      }
      await expectPointedAt(
        faults.map(([pointer, changed]) => [pointer, () => call(stage, { body: changed })]),
      )
    })

    test('422: a body that is no object, and one that is no JSON', async () => {
      const texts = [
        '[]',
        '"text"',
        '7',
        'true',
        'null',
        '{',
        '{"a":1,}',
        '{}{}',
        '\ufeff',
        '{"__proto__":1}',
      ]
      await expectRefused(
        422,
        texts.map((text) => () => call(stage, { body: text })),
      )
    })
  }

  test('whatever is sent, the answer is in the contract, and no fault of ours', async () => {
    const staged = await setStage()
    const someText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('', '\0', '😀', '\ud800', '%00', "'; --"),
    )
    const name = fc.constantFrom('x', ...Object.keys(body?.properties ?? {}))
    const someBody = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(name, fc.oneof(fc.jsonValue(), someText)),
      fc.dictionary(name, someText, { maxKeys: 1 }).map((odd) => ({ ...staged.input.body, ...odd })),
    )
    const someQuery = fc.dictionary(fc.constantFrom('x', ...query.map((known) => known.name)), someText, {
      maxKeys: 2,
    })
    await fc.assert(
      fc.asyncProperty(someBody, someQuery, async (sent, asked) => {
        const input = body ? { body: JSON.stringify(sent) } : query.length > 0 ? { query: asked } : {}
        const reply = await call(staged, input)
        if (!goodStatuses.includes(reply.status)) expect(reply.status, reply.text).toBeLessThan(500)
        expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
      }),
      { numRuns: body || query.length > 0 ? 40 : 1 },
    )
  })

  test('a good call succeeds after all this, and its reply keeps the contract', async () => {
    const reply = await call(stage)
    expect(goodStatuses, reply.text).toContain(reply.status)
    expect(breachesOf(operation, reply.status, reply.body)).toEqual([])
  })
})

/** Somebody who has a role in the account of the stage, and a token for it. */
async function guest({ me }: Stage, role: Role): Promise<{ accessToken: string; userId: string }> {
  const { accessToken, userId } = await registerVerified(t)
  await t.app.pool.query(
    'insert into members (account_id, user_id, role, created_at) values ($1, $2, $3, $4)',
    [me.accountId, userId, role, t.app.now()],
  )
  const entered = await t.call('POST', '/v1/auth/switch-account', {
    as: accessToken,
    body: { account_id: me.accountId },
  })
  await t.settled()
  return { accessToken: entered.body.access_token, userId }
}
