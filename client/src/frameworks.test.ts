import { type Server, request as sendRaw } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, {
  type Request as ExpressRequest,
  type Response as ExpressResponse,
  type NextFunction,
} from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { expressGuards } from './express.ts'
import { fastifyGuards } from './fastify.ts'
import type { Gate, GateOptions } from './guards/gate.ts'
import { createGate } from './guards/index.ts'
import { type FrontgateEnv, honoGuards } from './hono.ts'
import { nextGuards } from './next.ts'
import { createTestKit, type State, type TestKit } from './testing/index.ts'

/** How the product behind the guards ends a request. */
type Ending =
  | 'answers'
  | 'throws'
  | 'rejects'
  | 'answers 500'
  | 'redirects'
  | 'is not found'
  | 'throws an answer'

/** A small product in one framework, whose routes are guarded. */
interface Product {
  get: (path: string, headers?: Record<string, string>, signal?: AbortSignal | null) => Promise<Response>
  /** How many connections there are. */
  open: () => Promise<number>
  close: () => Promise<void>
}

const KEY = 'x-key'
const COUNTED = { consume: true, amount: 2 }
const OWN_COUNT = { used: () => 99, amount: 2 }

const endingOf = (url: string) => new URL(url, 'http://product').searchParams.get('then') as Ending | null
const bang = () => new Error('The product broke')
/** What Next's own functions throw. */
const thrownByNext = (digest: string) => Object.assign(new Error(digest), { digest })
/** Keeps the product at work, where a test waits for the client to leave. */
const work = { done: Promise.resolve() }

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))

/** The same product in each framework: a route for each guard, and all of them one after another. */
const frameworks: Record<string, (gate: Gate) => Promise<Product>> = {
  async Fastify(gate) {
    const guards = fastifyGuards(gate)
    const app = fastify()
    const counted = guards.requireLimit('kb_conversions', {
      ...COUNTED,
      idempotencyKey: (request) => String(request.headers[KEY] ?? request.id),
    })
    const routes = {
      user: [guards.requireUser()],
      plan: [guards.requireActiveSubscription()],
      team: [guards.requireActiveSubscription('team')],
      mailbox: [guards.requireVerifiedEmailAfterGrace()],
      feature: [guards.requireFeature('flowpilot')],
      admin: [guards.requireRole('admin')],
      fits: [guards.requireLimit('kb_conversions', { amount: 2 })],
      own: [guards.requireLimit('trees', OWN_COUNT)],
      counted: [counted],
      all: [guards.requireUser(), guards.requireActiveSubscription(), guards.requireRole('member'), counted],
      'counted-then-admin': [counted, guards.requireRole('admin')],
      'counted-then-own': [counted, guards.requireLimit('trees', OWN_COUNT)],
      platinum: [guards.requireActiveSubscription('platinum')],
      teleport: [guards.requireFeature('teleport')],
    }
    for (const [name, preHandler] of Object.entries(routes)) {
      app.get(`/${name}`, { preHandler }, async (request, reply) => {
        const then = endingOf(request.url)
        await work.done
        if (then === 'throws') throw Object.assign(bang(), { statusCode: 409 })
        if (then === 'rejects') return Promise.reject(bang())
        if (then === 'answers 500') return reply.code(500).send('no')
        return reply.send(request.frontgate)
      })
    }
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return {
      get: (path, headers = {}, signal = null) => fetch(url + path, { headers, signal }),
      open: () => connectionsOf(app.server),
      close: () => app.close(),
    }
  },

  async Express(gate) {
    const guards = expressGuards(gate)
    const app = express()
    const counted = guards.requireLimit('kb_conversions', {
      ...COUNTED,
      idempotencyKey: (request) => String(request.headers[KEY] ?? crypto.randomUUID()),
    })
    const routes = {
      user: [guards.requireUser()],
      plan: [guards.requireActiveSubscription()],
      team: [guards.requireActiveSubscription('team')],
      mailbox: [guards.requireVerifiedEmailAfterGrace()],
      feature: [guards.requireFeature('flowpilot')],
      admin: [guards.requireRole('admin')],
      fits: [guards.requireLimit('kb_conversions', { amount: 2 })],
      own: [guards.requireLimit('trees', OWN_COUNT)],
      counted: [counted],
      all: [guards.requireUser(), guards.requireActiveSubscription(), guards.requireRole('member'), counted],
      'counted-then-admin': [counted, guards.requireRole('admin')],
      'counted-then-own': [counted, guards.requireLimit('trees', OWN_COUNT)],
      platinum: [guards.requireActiveSubscription('platinum')],
      teleport: [guards.requireFeature('teleport')],
    }
    for (const [name, guarded] of Object.entries(routes)) {
      app.get(`/${name}`, ...guarded, async (request, response) => {
        const then = endingOf(request.url)
        await work.done
        if (then === 'throws') throw bang()
        if (then === 'rejects') return Promise.reject(bang())
        if (then === 'answers 500') return void response.status(500).send('no')
        response.json(request.frontgate)
      })
    }
    app.use((_error: Error, _request: ExpressRequest, response: ExpressResponse, _next: NextFunction) => {
      response.status(500).send('broken')
    })
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return {
      get: (path, headers = {}, signal = null) => fetch(url + path, { headers, signal }),
      open: () => connectionsOf(server),
      close: () => new Promise((resolve) => server.close(() => resolve())),
    }
  },

  async Hono(gate) {
    const guards = honoGuards(gate)
    const app = new Hono<FrontgateEnv>()
    const counted = guards.requireLimit('kb_conversions', {
      ...COUNTED,
      idempotencyKey: (context) => context.req.header(KEY) ?? crypto.randomUUID(),
    })
    const routes = {
      user: [guards.requireUser()],
      plan: [guards.requireActiveSubscription()],
      team: [guards.requireActiveSubscription('team')],
      mailbox: [guards.requireVerifiedEmailAfterGrace()],
      feature: [guards.requireFeature('flowpilot')],
      admin: [guards.requireRole('admin')],
      fits: [guards.requireLimit('kb_conversions', { amount: 2 })],
      own: [guards.requireLimit('trees', OWN_COUNT)],
      counted: [counted],
      all: [guards.requireUser(), guards.requireActiveSubscription(), guards.requireRole('member'), counted],
      'counted-then-admin': [counted, guards.requireRole('admin')],
      'counted-then-own': [counted, guards.requireLimit('trees', OWN_COUNT)],
      platinum: [guards.requireActiveSubscription('platinum')],
      teleport: [guards.requireFeature('teleport')],
    }
    for (const [name, guarded] of Object.entries(routes)) {
      app.use(`/${name}`, ...guarded)
      app.get(`/${name}`, (context) => {
        const then = endingOf(context.req.url)
        if (then === 'throws') throw bang()
        if (then === 'rejects') return Promise.reject(bang())
        if (then === 'answers 500') return context.text('no', 500)
        return context.json(context.get('frontgate'))
      })
    }
    app.onError((_error, context) => context.text('broken', 500))
    return {
      get: async (path, headers = {}) => app.request(path, { headers }),
      open: async () => 0,
      close: async () => {},
    }
  },

  async Next(gate) {
    const guards = nextGuards(gate)
    const counted = guards.requireLimit('kb_conversions', {
      ...COUNTED,
      idempotencyKey: ({ headers }) => headers.get(KEY) ?? crypto.randomUUID(),
    })
    const end = (request: Request, { caller }: { caller: object }): Response | Promise<Response> => {
      const then = endingOf(request.url)
      if (then === 'throws') throw bang()
      if (then === 'rejects') return Promise.reject(bang())
      if (then === 'answers 500') return new Response('no', { status: 500 })
      if (then === 'redirects') throw thrownByNext('NEXT_REDIRECT;replace;/done;307;')
      if (then === 'is not found') throw thrownByNext('NEXT_HTTP_ERROR_FALLBACK;404')
      if (then === 'throws an answer') throw new Response(null, { status: 303 })
      return Response.json(caller)
    }
    const all = guards.requireActiveSubscription()(guards.requireRole('member')(counted(end)))
    const routes: Record<string, (request: Request, context: object) => Promise<Response>> = {
      user: guards.requireUser()(end),
      plan: guards.requireActiveSubscription()(end),
      team: guards.requireActiveSubscription('team')(end),
      mailbox: guards.requireVerifiedEmailAfterGrace()(end),
      feature: guards.requireFeature('flowpilot')(end),
      admin: guards.requireRole('admin')(end),
      fits: guards.requireLimit('kb_conversions', { amount: 2 })(end),
      own: guards.requireLimit('trees', OWN_COUNT)(end),
      counted: counted(end),
      all: guards.requireUser()(all),
      'counted-then-admin': counted(guards.requireRole('admin')(end)),
      'counted-then-own': counted(guards.requireLimit('trees', OWN_COUNT)(end)),
      platinum: guards.requireActiveSubscription('platinum')(end),
      teleport: guards.requireFeature('teleport')(end),
    }
    return {
      async get(path, headers = {}) {
        const request = new Request(`http://product${path}`, { headers })
        const handler = routes[new URL(request.url).pathname.slice(1)]
        if (!handler) throw new Error(`No route ${path}`)
        // As Next answers what a handler throws.
        return handler(request, { params: Promise.resolve({}) }).catch(
          () => new Response(null, { status: 500 }),
        )
      },
      open: async () => 0,
      close: async () => {},
    }
  },
}

/** A gate of the kit, on a connection where some paths are answered by something else than Frontgate. */
async function gateBehind(
  answers: Record<string, (request: Request) => Response | Promise<Response>>,
  options: Partial<GateOptions> = {},
): Promise<Gate> {
  const between: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    return (answers[new URL(request.url).pathname] ?? kit.gateOptions.fetch)(request)
  }
  const behind = createGate({ ...kit.gateOptions, fetch: between, ...options })
  onTestFinished(() => behind.close())
  return behind
}

let kit: TestKit
let gate: Gate
beforeAll(async () => {
  kit = await createTestKit()
  gate = createGate({ ...kit.gateOptions, live: true })
  await gate.ready()
})
afterAll(() => gate.close())

describe.each(Object.entries(frameworks))('%s', (_name, start) => {
  let product: Product
  beforeAll(async () => {
    product = await start(gate)
  })
  afterAll(() => product.close())

  const used = async (accountId: string) => {
    const caller = { accountId, token: await kit.token('proActive') } as never
    const refused = await gate.check(caller, { limit: 'kb_conversions', amount: 1_000 })
    return refused.kind === 'refused' ? refused.problem.used : null
  }

  test('who passes is known to the handler', async () => {
    const accountId = crypto.randomUUID()
    const userId = crypto.randomUUID()
    const headers = await kit.headers('trialing', { accountId, userId, role: 'admin' })
    for (const path of ['user', 'plan', 'mailbox', 'feature', 'admin', 'fits', 'counted', 'all']) {
      const reply = await product.get(`/${path}`, headers)
      expect(reply.status, path).toBe(200)
      expect(await reply.json()).toMatchObject({
        accountId,
        userId,
        role: 'admin',
        plan: 'pro',
        source: 'trial',
      })
    }
  })

  const refusals: [string, State | null, object, object][] = [
    ['user', null, {}, { status: 401, code: 'unauthenticated' }],
    ['plan', 'trialExpired', {}, { status: 402, code: 'subscription-required', reason: 'trial-expired' }],
    ['team', 'proActive', {}, { reason: 'plan-too-low', plan: 'pro', required_plan: 'team' }],
    ['mailbox', 'unverifiedAfterGrace', {}, { status: 403, code: 'email-verification-required' }],
    ['user', 'secondFactorMissing', {}, { status: 403, code: 'second-factor-required-here' }],
    ['feature', 'freePlan', {}, { code: 'feature-not-in-plan', feature: 'flowpilot', required_plan: 'pro' }],
    ['admin', 'proActive', { role: 'member' }, { status: 403, code: 'forbidden' }],
    [
      'fits',
      'proActive',
      { usage: { kb_conversions: 49 } },
      { code: 'limit-reached', used: 49, remaining: 1 },
    ],
    [
      'counted',
      'proActive',
      { usage: { kb_conversions: 49 } },
      { code: 'limit-reached', required_plan: 'team' },
    ],
    ['own', 'proActive', {}, { code: 'limit-reached', limit: 100, used: 99, required_plan: 'team' }],
    ['platinum', 'proActive', {}, { status: 422, code: 'invalid-request' }],
    ['teleport', 'proActive', {}, { status: 422, code: 'invalid-request' }],
  ]
  test.each(refusals)('/%s refuses %s %o', async (path, state, overrides, refusal) => {
    const headers = state === null ? {} : await kit.headers(state, overrides)
    const reply = await product.get(`/${path}`, headers)
    const body = (await reply.json()) as { status: number }
    expect(body).toMatchObject(refusal)
    expect(reply.status).toBe(body.status)
    expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.headers.get('www-authenticate')).toBe(state === null ? 'Bearer' : null)
  })

  test('requireUser and requireRole do not ask about the mailbox', async () => {
    const headers = await kit.headers('unverifiedAfterGrace')
    expect((await product.get('/user', headers)).status).toBe(200)
    expect((await product.get('/admin', headers)).status).toBe(200)
  })

  test('what was counted stays counted where the handler answers, once for each key', async () => {
    const accountId = crypto.randomUUID()
    const headers = { ...(await kit.headers('proActive', { accountId })), 'x-key': 'one' }
    await Promise.all([1, 2, 3].map(() => product.get('/all', headers)))
    expect(await used(accountId)).toBe(2)
  })

  test.each(['throws', 'rejects', 'answers 500'])(
    'what was counted is given back where it %s',
    async (then) => {
      const accountId = crypto.randomUUID()
      const headers = await kit.headers('proActive', { accountId })
      const reply = await product.get(`/counted?then=${encodeURIComponent(then)}`, headers)
      expect(reply.ok).toBe(false)
      await expect.poll(() => used(accountId)).toBe(0)
    },
  )

  test('a repetition that fails does not give back what the first one counted', async () => {
    const accountId = crypto.randomUUID()
    const headers = { ...(await kit.headers('proActive', { accountId })), 'x-key': crypto.randomUUID() }
    await product.get('/counted', headers)
    for (const then of ['throws', 'answers 500']) {
      await product.get(`/counted?then=${encodeURIComponent(then)}`, headers)
    }
    // By then what would be given back has been: the same order of calls, with a key of its own.
    const { authorization } = headers
    await product.get('/counted?then=throws', { authorization })
    await expect.poll(() => used(accountId)).toBe(2)
  })

  test.each([
    ['counted-then-admin', 'forbidden'],
    ['counted-then-own', 'limit-reached'],
  ])('what was counted is given back where a later guard refuses: /%s', async (path, code) => {
    const accountId = crypto.randomUUID()
    const headers = await kit.headers('proActive', { accountId, role: 'member' })
    expect(await (await product.get(`/${path}`, headers)).json()).toMatchObject({ code })
    await expect.poll(() => used(accountId)).toBe(0)
  })

  /** The same product behind another gate. */
  const behind = async (...asked: Parameters<typeof gateBehind>) => {
    const other = await start(await gateBehind(...asked))
    onTestFinished(() => other.close())
    return other
  }

  test.each([{ message: 'Forbidden' }, null, 'no', { code: 'forbidden', status: 200 }])(
    'what a proxy answers in place of the service, %j, is no answer',
    async (body) => {
      const forbidden = () => Response.json(body, { status: 403 })
      const headers = await kit.headers('proActive')
      const state = await behind({ '/v1/access-state': forbidden }, { live: true })
      const usage = await behind({ '/v1/usage/consume': () => Response.json(body, { status: 404 }) })
      for (const reply of [await state.get('/user', headers), await usage.get('/counted', headers)]) {
        expect(reply.status).toBe(503)
        expect(await reply.json()).toMatchObject({ status: 503, code: 'overloaded' })
      }
    },
  )
})

describe.each(['Fastify', 'Express'])('%s, whose client has left', (name) => {
  test.each(['throws', 'answers 500'])('what was counted is given back where it %s later', async (then) => {
    const leaving = new AbortController()
    const calls: string[] = []
    const pass = (request: Request) => {
      calls.push(new URL(request.url).pathname)
      return kit.gateOptions.fetch(request)
    }
    let finish = () => {}
    const product = await frameworks[name]?.(
      await gateBehind({ '/v1/usage/consume': pass, '/v1/usage/release': pass }),
    )
    onTestFinished(() => product?.close())
    onTestFinished(() => finish())
    work.done = new Promise((resolve) => {
      finish = resolve
    })
    const asking = product?.get(
      `/counted?then=${encodeURIComponent(then)}`,
      await kit.headers('proActive'),
      leaving.signal,
    )
    await expect.poll(() => calls).toEqual(['/v1/usage/consume'])
    leaving.abort()
    await expect(asking).rejects.toThrow()
    await expect.poll(() => product?.open()).toBe(0)
    finish()
    await expect.poll(() => calls).toEqual(['/v1/usage/consume', '/v1/usage/release'])
  })
})

test.each(['redirects', 'is not found', 'throws an answer'])(
  'what Next was done with when it %s stays counted',
  async (then) => {
    const calls: string[] = []
    const pass = (request: Request) => {
      calls.push(new URL(request.url).pathname)
      return kit.gateOptions.fetch(request)
    }
    const product = await frameworks.Next?.(
      await gateBehind({ '/v1/usage/consume': pass, '/v1/usage/release': pass }),
    )
    await product?.get(`/counted?then=${encodeURIComponent(then)}`, await kit.headers('proActive'))
    expect(calls).toEqual(['/v1/usage/consume'])
  },
)

test('of two Authorization headers none counts', async () => {
  const product = await frameworks.Fastify?.(gate)
  const { authorization } = await kit.headers('proActive')
  const url = new URL((await product?.get('/user'))?.url ?? '')
  const headers = ['host', url.host, 'authorization', authorization, 'authorization', 'Bearer other']
  const status = await new Promise((resolve, reject) => {
    const asked = sendRaw(url, { headers })
    asked
      .on('response', (reply) => resolve(reply.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(401)
  await product?.close()
})
