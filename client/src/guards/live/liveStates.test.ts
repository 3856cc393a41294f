import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createGate, type GateOptions } from '../index.ts'

const DAY_MS = 86_400_000
const PRODUCT_KEY = 'fg_key'

let keys: Awaited<ReturnType<typeof generateKeyPair>>
beforeAll(async () => {
  keys = await generateKeyPair('EdDSA')
})

/** Speaks the part of the service that live state rests on, and does so as a test tells it to. */
class Service {
  url = ''
  /** How far its clock is ahead of the machine's. */
  ahead = 0
  plan = 'pro'
  until: number | null = null
  refusal: { status: number; code: string } | null = null
  isMarking = true
  asked: string[] = []
  streams: { cursor: string | undefined; reply: ServerResponse }[] = []
  /** Holds answers about a state back until it is kept. */
  hold: Promise<void> | null = null
  #server: Server | undefined
  #cursor = 0
  #marks: NodeJS.Timeout | undefined

  async start(port = 0): Promise<this> {
    this.#server = createServer((request, reply) => void this.#answer(request, reply))
    await new Promise<void>((resolve) => this.#server?.listen(port, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    this.#marks = setInterval(() => this.mark(), 300)
    return this
  }

  async stop(): Promise<void> {
    clearInterval(this.#marks)
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
    this.streams = []
  }

  now = () => Date.now() + this.ahead
  count = (path: string) => this.asked.filter((asked) => asked === path).length
  ring = (...subjects: string[]) => this.tell('changes', { subjects, at: new Date(this.now()).toISOString() })
  mark = () => this.isMarking && this.tell('mark', { at: new Date(this.now()).toISOString() })

  tell(event: string, data: object): void {
    this.#cursor++
    for (const { reply } of this.streams) {
      reply.write(`event: ${event}\nid: ${this.#cursor}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  }

  async token(seconds = 600, sid: string = crypto.randomUUID()): Promise<string> {
    const iat = Math.floor(this.now() / 1000)
    const payload = {
      ...{ iss: this.url, aud: this.url, sub: 'user', sid, account_id: 'account' },
      ...{ role: 'owner', email_verified: true, verification_grace_ends_at: null, iat, exp: iat + seconds },
      ent: {
        plan: 'team',
        source: 'stripe',
        until: null,
        reason: null,
        opens: ['free', 'pro', 'team'],
        features: [],
      },
    }
    const signing = new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'key' })
    return `Bearer ${await signing.sign(keys.privateKey)}`
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { pathname } = new URL(String(request.url), this.url)
    this.asked.push(pathname)
    const json = (status: number, body: object) =>
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/.well-known/jwks.json') {
      const jwk = await exportJWK(keys.publicKey)
      return void json(200, { keys: [{ ...jwk, kid: 'key', alg: 'EdDSA', use: 'sig' }] })
    }
    if (pathname === '/v1/access-state') {
      const { refusal } = this
      const body = this.#state()
      await this.hold
      return void (refusal ? json(refusal.status, refusal) : json(200, body))
    }
    if (pathname !== '/v1/changes')
      return void json(200, { data: [], upgrade_url: 'https://product.example' })
    if (request.headers.authorization !== `Bearer ${PRODUCT_KEY}`) return void json(401, {})
    reply.writeHead(200, { 'content-type': 'text/event-stream' })
    const stream = { cursor: request.headers['last-event-id'] as string | undefined, reply }
    this.streams.push(stream)
    reply.on('close', () => {
      this.streams = this.streams.filter((known) => known !== stream)
    })
    reply.write('retry: 1000\n\n')
    this.mark()
  }

  #state(): object {
    const span = (from: string | null, until: string | null, plan: string) => ({
      ...{
        from,
        until,
        plan,
        source: plan === 'free' ? null : 'stripe',
        reason: plan === 'free' ? 'canceled' : null,
      },
      ...{ opens: plan === 'free' ? ['free'] : ['free', plan], features: [], missing: {}, limits: {} },
    })
    const until = this.until === null ? null : new Date(this.until).toISOString()
    return {
      at: new Date(this.now()).toISOString(),
      user: { id: 'user', email_verified: true, verification_grace_ends_at: null },
      ...{
        session_id: 'session',
        session_expires_at: new Date(this.now() + DAY_MS).toISOString(),
        account_id: 'account',
        role: 'owner',
        upgrade_url: 'https://product.example',
      },
      spans:
        until === null
          ? [span(null, null, this.plan)]
          : [span(null, until, this.plan), span(until, null, 'free')],
    }
  }
}

const services: Service[] = []
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()))
})

async function started(ahead = 0): Promise<Service> {
  const service = new Service()
  service.ahead = ahead
  services.push(service)
  return service.start()
}

function gateOf(service: Service, options: Partial<GateOptions> = {}) {
  const gate = createGate({ url: service.url, productKey: PRODUCT_KEY, live: true, ...options })
  onTestFinished(() => gate.close())
  return gate
}

const STATE = '/v1/access-state'

describe('what is known', () => {
  test('a thousand who come at once with one token ask for keys and state once, and later ones not at all', async () => {
    const service = await started()
    const gate = gateOf(service)
    const token = await service.token()
    const verdicts = await Promise.all(
      Array.from({ length: 1_000 }, () => gate.decide(token, { plan: 'pro' })),
    )
    expect(new Set(verdicts.map((verdict) => verdict.kind === 'passed' && verdict.basis))).toEqual(
      new Set(['live']),
    )
    expect([service.count('/.well-known/jwks.json'), service.count(STATE)]).toEqual([1, 1])
    expect(gate.decide(token, { plan: 'pro' })).toMatchObject({ kind: 'passed', caller: { plan: 'pro' } })
    expect(gate.decide(token, {})).toBe(gate.decide(token, {}))
    expect(service.count(STATE)).toBe(1)
  })

  test('what changes is fetched before anybody asks for it', async () => {
    const service = await started()
    const gate = gateOf(service)
    await gate.ready()
    const token = await service.token()
    await gate.decide(token, {})
    service.plan = 'free'
    service.ring('user:somebody-else', 'account:another')
    service.ring('account:account')
    await expect.poll(() => service.count(STATE)).toBe(2)
    await expect
      .poll(() => gate.decide(token, { plan: 'pro' }))
      .toMatchObject({ problem: { status: 402, plan: 'free', upgrade_url: 'https://product.example' } })
    expect(service.count(STATE)).toBe(2)
  })

  test('what was read before a change was told is not kept', async () => {
    const service = await started()
    const gate = gateOf(service)
    await gate.ready()
    const token = await service.token()
    let release = () => {}
    service.hold = new Promise((resolve) => {
      release = resolve
    })
    const deciding = gate.decide(token, { plan: 'pro' })
    await expect.poll(() => service.count(STATE)).toBe(1)
    service.plan = 'free'
    service.hold = null
    service.ring('account:account')
    // Told once more, so that the first is known to have been heard.
    const other = await service.token()
    await gate.decide(other, {})
    service.ring('account:account')
    await expect.poll(() => service.count(STATE)).toBeGreaterThanOrEqual(3)
    release()
    expect(await deciding).toMatchObject({ problem: { status: 402 } })
  })

  test('time passes without asking, by the clock of the service', async () => {
    const service = await started(30 * DAY_MS)
    const gate = gateOf(service)
    await gate.ready()
    service.until = service.now() + 300_000
    const token = await service.token()
    expect(await gate.decide(token, { plan: 'pro' })).toMatchObject({ kind: 'passed' })
    service.ahead += 300_000
    service.mark()
    await expect.poll(() => gate.decide(token, {})).toMatchObject({ caller: { plan: 'free' } })
    expect(await gate.decide(token, { plan: 'pro' })).toMatchObject({ problem: { reason: 'canceled' } })
    service.ahead += 300_000
    service.mark()
    await expect.poll(() => gate.decide(token, {})).toMatchObject({ problem: { status: 401 } })
    expect(service.count(STATE)).toBe(1)
  })

  test.each([120_000, -120_000])('the clock of the product is %i ms off', async (off) => {
    const service = await started()
    const gate = gateOf(service, { now: () => Date.now() + off })
    const token = await service.token()
    expect(await gate.decide(token, { plan: 'pro' })).toMatchObject({ kind: 'passed', basis: 'live' })
    const ending = await service.token(0)
    expect(await gate.decide(ending, {})).toMatchObject({ problem: { status: 401 } })
  })

  test('a session that is over is refused in the words of the service, and asked about once', async () => {
    const service = await started()
    const gate = gateOf(service)
    const token = await service.token()
    service.refusal = { status: 401, code: 'session-expired' }
    for (const _ of [1, 2, 3]) {
      expect(await gate.decide(token, {})).toMatchObject({ kind: 'refused', problem: service.refusal })
    }
    expect(service.count(STATE)).toBe(1)
  })
})

describe('a stream that breaks', () => {
  test('is taken up again where it left off, and nothing is forgotten', async () => {
    const service = await started()
    const gate = gateOf(service)
    await gate.ready()
    const token = await service.token()
    await gate.decide(token, {})
    for (const { reply } of service.streams) reply.destroy()
    await expect.poll(() => service.count('/v1/changes')).toBe(2)
    expect(Number(service.streams[0]?.cursor)).toBeGreaterThan(0)
    expect(gate.decide(token, {})).toMatchObject({ kind: 'passed' })
    expect(service.count(STATE)).toBe(1)
  })

  test('is taken up again also where the log throws', async () => {
    const service = await started()
    const lines: string[] = []
    const gate = gateOf(service, {
      log(message) {
        lines.push(message)
        throw new Error('The log is closed')
      },
    })
    await gate.ready()
    for (const { reply } of service.streams) reply.destroy()
    await expect.poll(() => service.count('/v1/changes')).toBe(2)
    expect(lines).toContain('the stream of changes broke')
  })

  test('and falls silent is given up, and opened anew', async () => {
    const service = await started()
    const gate = gateOf(service)
    await gate.ready()
    const [silent] = service.streams
    service.isMarking = false
    await expect.poll(() => service.streams.some((stream) => stream !== silent)).toBe(true)
    expect(service.streams).not.toContain(silent)
  })

  test('and cannot be taken up again has everything forgotten', async () => {
    const service = await started()
    const gate = gateOf(service)
    await gate.ready()
    const token = await service.token()
    await gate.decide(token, { plan: 'pro' })
    service.plan = 'free'
    service.tell('reset', {})
    await expect
      .poll(() => gate.decide(token, { plan: 'pro' }))
      .toMatchObject({ problem: { reason: 'canceled' } })
  })
})

describe('a service that is away', () => {
  const away = async (failMode: 'closed' | 'token') => {
    const service = await started()
    let off = 0
    const gate = gateOf(service, {
      now: () => Date.now() + off,
      live: { maxStalenessMs: 10_000, failMode },
    })
    await gate.ready()
    const [token, unseen] = [await service.token(), await service.token()]
    const sid = crypto.randomUUID()
    const [revoked, sibling] = [await service.token(600, sid), await service.token(599, sid)]
    const later = await service.token(598, sid)
    await gate.decide(token, {})
    await gate.decide(sibling, {})
    service.refusal = { status: 401, code: 'session-expired' }
    await gate.decide(revoked, {})
    await service.stop()
    const pass = (ms: number) => {
      off += ms
    }
    return { service, gate, token, revoked, sibling, later, unseen, pass }
  }

  test('is done without for as long as is stated, and no longer', async () => {
    const { gate, token, unseen, pass } = await away('closed')
    expect(await gate.decide(token, { plan: 'pro' })).toMatchObject({ kind: 'passed', basis: 'live' })
    expect(await gate.decide(unseen, {})).toMatchObject({
      problem: { status: 503 },
      headers: { 'retry-after': '5' },
    })
    pass(10_001)
    expect(await gate.decide(token, { plan: 'pro' })).toMatchObject({
      kind: 'refused',
      problem: { status: 503, code: 'overloaded' },
    })
  })

  test('leaves the token to decide where that is stated, but not about a session that is known to be over', async () => {
    const { gate, token, revoked, pass } = await away('token')
    pass(10_001)
    // What the token says, which the state did not.
    expect(await gate.decide(token, { plan: 'team' })).toMatchObject({ kind: 'passed', basis: 'token' })
    expect(await gate.decide(revoked, {})).toMatchObject({ problem: { status: 401 } })
    pass(700_000)
    expect(await gate.decide(token, {})).toMatchObject({ problem: { status: 401 } })
  })

  test('does not bring an ended session back, whichever token of it comes and however the header is spelled', async () => {
    const { gate, revoked, sibling, later, pass } = await away('token')
    expect(gate.decide(sibling, {})).toMatchObject({ problem: { code: 'session-expired' } })
    pass(10_001)
    for (const header of [revoked, revoked.replace('Bearer', 'bearer'), sibling, later, revoked]) {
      expect(await gate.decide(header, {})).toMatchObject({
        kind: 'refused',
        problem: { code: 'session-expired' },
      })
    }
  })

  test.each([-5_000, -3_600_000])(
    'is done without for no longer where the clock of the product is set back by %i ms',
    async (back) => {
      const { gate, token, pass } = await away('closed')
      const started = performance.now()
      const spy = vi.spyOn(performance, 'now')
      onTestFinished(() => spy.mockRestore())
      spy.mockReturnValue(started + 8_000)
      expect(gate.decide(token, {})).toMatchObject({ kind: 'passed' })
      pass(back)
      expect(gate.decide(token, {})).toMatchObject({ kind: 'passed' })
      spy.mockReturnValue(started + 10_500)
      expect(await gate.decide(token, {})).toMatchObject({ problem: { status: 503 } })
    },
  )

  test('is asked again once it is back', async () => {
    const { service, gate, token, pass } = await away('closed')
    pass(10_001)
    expect(await gate.decide(token, {})).toMatchObject({ problem: { status: 503 } })
    service.refusal = null
    await service.start(Number(new URL(service.url).port))
    await expect.poll(() => gate.decide(token, {})).toMatchObject({ kind: 'passed', basis: 'live' })
  })
})

test('a key that the service does not take is named as what keeps live state from beginning', async () => {
  const gate = gateOf(await started(), { productKey: 'wrong', log: () => {} })
  await expect(gate.ready()).rejects.toThrow(/answered 401.*product key.*entitlements:read/)
})

test('live state takes a key of the product', () => {
  expect(() => createGate({ url: 'https://gate.example', live: true })).toThrow(/productKey/)
})
