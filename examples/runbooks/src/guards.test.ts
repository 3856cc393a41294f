import { randomUUID } from 'node:crypto'
import type { State } from '@frontgate/client/testing'
import { describe, expect, test } from 'vitest'
import { article, printer, startTestProduct } from './testProduct.ts'

const product = startTestProduct()
const states: State[] = [
  'proActive',
  'trialing',
  'complimentary',
  'pastDueInGrace',
  'freePlan',
  'trialExpired',
  'unverifiedAfterGrace',
  'secondFactorMissing',
]

/** Rows of an account that once had everything. */
async function seed(accountId: string) {
  const call = await product.as('proActive', { accountId })
  const made = async (url: string, body: object): Promise<string> => (await call('POST', url, body)).body.id
  const tree = await made('/api/trees', printer)
  const session = await made('/api/sessions', { tree_id: tree, person: 'Grace' })
  const script = await made('/api/scripts', { name: 'Hello', body: 'Hello {{name}}' })
  return { tree, session, script }
}
type Seed = Awaited<ReturnType<typeof seed>>

type Route = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: (seed: Seed) => string
  body?: (seed: Seed) => object
  /** What opens it beside a verified mailbox. */
  opens: 'to everybody' | 'with pro' | 'within the limit of trees' | 'within the quota'
  writes: boolean
  ok: number
}

const step = { kind: 'note', node_id: 'light', text: 'It blinks' }
const routes: Record<string, Route> = {
  'list trees': { method: 'GET', url: () => '/api/trees', opens: 'to everybody', writes: false, ok: 200 },
  'read a tree': {
    method: 'GET',
    url: ({ tree }) => `/api/trees/${tree}`,
    opens: 'to everybody',
    writes: false,
    ok: 200,
  },
  'make a tree': {
    method: 'POST',
    url: () => '/api/trees',
    body: () => printer,
    opens: 'within the limit of trees',
    writes: true,
    ok: 201,
  },
  'save a tree': {
    method: 'PUT',
    url: ({ tree }) => `/api/trees/${tree}`,
    body: () => ({ ...printer, version: 1 }),
    opens: 'to everybody',
    writes: true,
    ok: 200,
  },
  'remove a tree': {
    method: 'DELETE',
    url: ({ tree }) => `/api/trees/${tree}`,
    opens: 'to everybody',
    writes: true,
    ok: 204,
  },
  'list sessions': {
    method: 'GET',
    url: () => '/api/sessions',
    opens: 'to everybody',
    writes: false,
    ok: 200,
  },
  'read a session': {
    method: 'GET',
    url: ({ session }) => `/api/sessions/${session}`,
    opens: 'to everybody',
    writes: false,
    ok: 200,
  },
  'begin a session': {
    method: 'POST',
    url: () => '/api/sessions',
    body: ({ tree }) => ({ tree_id: tree, person: '' }),
    opens: 'with pro',
    writes: true,
    ok: 201,
  },
  'take a step': {
    method: 'POST',
    url: ({ session }) => `/api/sessions/${session}/steps`,
    body: () => step,
    opens: 'with pro',
    writes: true,
    ok: 200,
  },
  'end a session': {
    method: 'POST',
    url: ({ session }) => `/api/sessions/${session}/end`,
    body: () => ({ outcome: 'solved', summary: '' }),
    opens: 'with pro',
    writes: true,
    ok: 200,
  },
  'list scripts': { method: 'GET', url: () => '/api/scripts', opens: 'to everybody', writes: false, ok: 200 },
  'read a script': {
    method: 'GET',
    url: ({ script }) => `/api/scripts/${script}`,
    opens: 'to everybody',
    writes: false,
    ok: 200,
  },
  'make a script': {
    method: 'POST',
    url: () => '/api/scripts',
    body: () => ({ name: 'Bye', body: 'Bye' }),
    opens: 'with pro',
    writes: true,
    ok: 201,
  },
  'save a script': {
    method: 'PUT',
    url: ({ script }) => `/api/scripts/${script}`,
    body: () => ({ name: 'Hi', body: 'Hi' }),
    opens: 'with pro',
    writes: true,
    ok: 200,
  },
  'fill in a script': {
    method: 'POST',
    url: ({ script }) => `/api/scripts/${script}/fill`,
    body: () => ({ values: { name: 'Ada' } }),
    opens: 'with pro',
    writes: false,
    ok: 200,
  },
  'ask FlowPilot': {
    method: 'POST',
    url: () => '/api/flowpilot',
    body: ({ session }) => ({ words: 'printer', session_id: session }),
    opens: 'with pro',
    writes: false,
    ok: 200,
  },
  'convert an article': {
    method: 'POST',
    url: () => '/api/accelerator',
    body: () => ({ article }),
    opens: 'within the quota',
    writes: true,
    ok: 200,
  },
}

test('no route is left out', () => {
  const paths = new Set(
    Object.values(routes).map(
      ({ method, url }) => `${method} ${url({ tree: ':id', session: ':id', script: ':id' })}`,
    ),
  )
  const offered = offeredRoutes(product.server.printRoutes()).filter(
    (route) => / \/api\//.test(route) && !route.startsWith('HEAD'),
  )
  expect(offered.length).toBeGreaterThan(0)
  expect(paths).toEqual(new Set(offered))
})

/** What each state is answered by each kind of route. The account has one tree already. */
function expected({ opens, ok }: Route, state: State): [status: number, code?: string, reason?: string] {
  if (state === 'unverifiedAfterGrace') return [403, 'email-verification-required']
  if (state === 'secondFactorMissing') return [403, 'second-factor-required-here']
  if (opens === 'to everybody' || (state !== 'freePlan' && state !== 'trialExpired')) return [ok]
  if (opens !== 'with pro') return [402, 'limit-reached']
  return [402]
}

describe.each(Object.entries(routes))('%s', (_name, route) => {
  test.each(states)('%s', async (state) => {
    const accountId = randomUUID()
    const seeded = await seed(accountId)
    const call = await product.as(state, { accountId })
    const reply = await call(route.method, route.url(seeded), route.body?.(seeded))
    const [status, code] = expected(route, state)
    expect([reply.status, reply.body]).toEqual([
      status,
      code ? expect.objectContaining({ code }) : reply.body,
    ])
    if (status === 402) {
      expect(reply.type).toBe('application/problem+json')
      expect(reply.body).toMatchObject({
        upgrade_url: expect.any(String),
        required_plan: 'pro',
        plan: 'free',
      })
    }
  })

  test('viewers', async () => {
    const accountId = randomUUID()
    const seeded = await seed(accountId)
    const call = await product.as('proActive', { accountId, role: 'viewer' })
    const reply = await call(route.method, route.url(seeded), route.body?.(seeded))
    expect(reply.status).toBe(route.writes ? 403 : route.ok)
    if (route.writes) expect(reply.body.code).toBe('forbidden')
  })

  test('strangers', async () => {
    const nowhere = { tree: randomUUID(), session: randomUUID(), script: randomUUID() }
    const reply = await product.call(route.method, route.url(nowhere), route.body?.(nowhere))
    expect(reply).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
      type: 'application/problem+json',
    })
  })
})

test('why a session cannot be walked is said', async () => {
  const accountId = randomUUID()
  const { session } = await seed(accountId)
  const take = async (state: State) =>
    (await product.as(state, { accountId }))('POST', `/api/sessions/${session}/steps`, step)
  expect((await take('trialExpired')).body).toMatchObject({
    code: 'subscription-required',
    reason: 'trial-expired',
  })
  expect((await take('freePlan')).body).toMatchObject({
    code: 'subscription-required',
    reason: 'never-subscribed',
  })
})

test('a feature is what an operator makes of it, whatever the plan', async () => {
  const free = await product.as('freePlan', { features: { flowpilot: true } })
  expect((await free('POST', '/api/flowpilot', { words: 'x' })).status).toBe(200)
  const pro = await product.as('proActive', { features: { scripts: false } })
  expect((await pro('POST', '/api/scripts', { name: 'a', body: 'b' })).body).toMatchObject({
    code: 'feature-not-in-plan',
    feature: 'scripts',
  })
})

describe('another account', () => {
  const foreign = Object.entries(routes).filter(([, { url, body }]) => {
    const ids = { tree: 'ID', session: 'ID', script: 'ID' }
    return `${url(ids)} ${JSON.stringify(body?.(ids) ?? '')}`.includes('ID')
  })
  test.each(foreign)('finds nothing: %s', async (_name, route) => {
    const seeded = await seed(randomUUID())
    const call = await product.as('proActive')
    const reply = await call(route.method, route.url(seeded), route.body?.(seeded))
    expect(reply).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
      type: 'application/problem+json',
    })
  })

  test('has lists of its own', async () => {
    await seed(randomUUID())
    const call = await product.as('proActive')
    for (const url of ['/api/trees', '/api/sessions', '/api/scripts']) {
      expect((await call('GET', url)).body.data).toEqual([])
    }
    expect((await call('POST', '/api/flowpilot', { words: 'printer' })).body).toEqual({ next: [], trees: [] })
  })

  test('cannot be named in what is sent', async () => {
    const call = await product.as('proActive')
    const reply = await call('POST', '/api/trees', { ...printer, account_id: randomUUID() })
    expect(reply).toMatchObject({ status: 422, body: { code: 'invalid-request' } })
  })
})

/** Everything that a body becomes when one of its texts, or what one is called, is something else. */
function* distorted(body: unknown, distort: (text: string) => unknown): Generator<unknown> {
  if (typeof body === 'string') yield distort(body)
  if (typeof body !== 'object' || body === null) return
  for (const [key, value] of Object.entries(body)) {
    for (const other of distorted(value, distort)) {
      yield Array.isArray(body) ? body.with(Number(key), other) : { ...body, [key]: other }
    }
    if (!Array.isArray(body)) yield { ...body, [String(distort(key))]: value }
  }
}

describe.each(Object.entries(routes))('%s with what no database keeps', (_name, route) => {
  test('is refused', async () => {
    const accountId = randomUUID()
    const seeded = await seed(accountId)
    const call = await product.as('proActive', { accountId })
    const body = route.body?.(seeded)
    const url = route.url(seeded)
    const ids = Object.values(seeded)
    const asUrn = (text: string) => (ids.includes(text) ? `urn:uuid:${text}` : text)
    const bodies = [
      ...distorted(body, (text) => `${text}\0`),
      ...distorted(body, (text) => `${text}\ud800`),
      ...[...distorted(body, asUrn)].filter((each) => JSON.stringify(each).includes('urn:')),
    ]
    for (const each of bodies) {
      const reply = await call(route.method, url, each as object)
      expect([each, reply.status, reply.body.code]).toEqual([each, 422, 'invalid-request'])
    }
    const withoutId = ids.reduce((path, id) => path.replace(id, 'ID'), url)
    const paths = withoutId === url ? [] : ['urn:uuid:ID', 'ID%00', '%ED%A0%80', '%zz', `{ID}`]
    for (const wrong of paths) {
      const id = wrong.replace('ID', randomUUID())
      const reply = await call(route.method, withoutId.replace('ID', id), body)
      expect([wrong, reply.status, reply.body.code]).toEqual([wrong, 422, 'invalid-request'])
    }
  })
})

test.each([
  'query=%00',
  'query=a%00',
  'before=urn:uuid:00000000-0000-4000-8000-000000000000',
  'before=%00',
  'query=a&query=b',
])('sessions are not looked for with %s', async (query) => {
  const call = await product.as('proActive')
  expect(await call('GET', `/api/sessions?${query}`)).toMatchObject({
    status: 422,
    body: { code: 'invalid-request' },
    type: 'application/problem+json',
  })
})

/** Method and path of every route, from the drawing of the tree that they are kept in. */
function offeredRoutes(drawing: string): string[] {
  const above: string[] = []
  return drawing.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] =
      /^((?:│ {3}| {4})*)[├└]── (\S*)(?: \((.+)\))?/.exec(line) ?? []
    const depth = indent.length / 4
    above.splice(depth, above.length, part)
    return methods
      .split(', ')
      .filter(Boolean)
      .map((method) => `${method} ${above.join('')}`)
  })
}
