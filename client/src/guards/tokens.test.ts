import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createGate } from './index.ts'

const URL = 'https://gate.example'
const NOW = 1_800_000_000_000

const claims = {
  sub: 'user',
  sid: 'session',
  account_id: 'account',
  role: 'owner',
  email_verified: true,
  verification_grace_ends_at: null,
  ent: { plan: 'pro', source: 'trial', until: null, reason: null, opens: ['free', 'pro'], features: [] },
}

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let first: Pair
let second: Pair
beforeAll(async () => {
  first = await generateKeyPair('EdDSA')
  second = await generateKeyPair('EdDSA')
})

/** A service that publishes keys, and counts how often it is asked. */
function keysAt(published: () => Promise<Record<string, unknown>[]>, cacheControl = 'max-age=300') {
  const asked = { count: 0, isDown: false }
  const answer: typeof fetch = async (input) => {
    if (!String(input).endsWith('/.well-known/jwks.json')) throw new TypeError('fetch failed')
    asked.count++
    if (asked.isDown) throw new TypeError('fetch failed')
    return Response.json({ keys: await published() }, { headers: { 'cache-control': cacheControl } })
  }
  return { asked, fetch: answer }
}

const jwk = async ({ publicKey }: Pair, kid: string) => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg: 'EdDSA',
  use: 'sig',
})

interface Made {
  key?: Parameters<SignJWT['sign']>[0]
  header?: Record<string, unknown>
  payload?: JWTPayload
}

async function bearer({ key = first.privateKey, header = {}, payload = {} }: Made = {}): Promise<string> {
  const iat = NOW / 1000
  const said = { iss: URL, aud: URL, iat, exp: iat + 600, ...claims, ...payload }
  const protectedHeader = { alg: 'EdDSA', typ: 'at+jwt', kid: 'first', ...header }
  return `Bearer ${await new SignJWT(said).setProtectedHeader(protectedHeader).sign(key)}`
}

function gateOf(service: { fetch: typeof fetch }, now = () => NOW) {
  return createGate({ url: URL, fetch: service.fetch, now })
}

describe('401 for whatever is no token of ours', () => {
  const hmacKey = async () => new TextEncoder().encode(JSON.stringify(await jwk(first, 'first')))
  const unsigned = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const payload = { iss: URL, aud: URL, exp: NOW / 1000 + 600, ...claims }
    return `Bearer ${part({ alg: 'none', typ: 'at+jwt', kid: 'first' })}.${part(payload)}.`
  }
  const forged: Record<string, () => Promise<string> | string> = {
    'signed by a stranger under our kid': () => bearer({ key: second.privateKey }),
    'alg none': unsigned,
    'HS256 with the public key as its secret': async () =>
      bearer({ key: await hmacKey(), header: { alg: 'HS256' } }),
    'a kid that nobody publishes': () => bearer({ header: { kid: 'foreign' } }),
    'keys of its own at a jku': () =>
      bearer({ key: second.privateKey, header: { kid: 'evil', jku: 'https://evil.example/jwks.json' } }),
    'a key of its own in the header': async () =>
      bearer({ key: second.privateKey, header: { jwk: await exportJWK(second.publicKey) } }),
    'no kid': () => bearer({ header: { kid: undefined } }),
    'another audience': () => bearer({ payload: { aud: 'https://other.example' } }),
    'another issuer': () => bearer({ payload: { iss: 'https://other.example' } }),
    'another type': () => bearer({ header: { typ: 'JWT' } }),
    'no subject': () => bearer({ payload: { sub: undefined } as never }),
    'no session': () => bearer({ payload: { sid: undefined } as never }),
    'no end': () => bearer({ payload: { exp: undefined } as never }),
    'a role that there is not': () => bearer({ payload: { role: 'root' } }),
    'an unverified mailbox without an end of its grace': () => bearer({ payload: { email_verified: false } }),
    expired: () => bearer({ payload: { exp: NOW / 1000 - 31 } }),
    'longer lived than any': () => bearer({ payload: { exp: NOW / 1000 + 661 } }),
    'an endless header': () => bearer({ payload: { filler: 'x'.repeat(5_000) } }),
    'two tokens': async () => `${await bearer()}, ${await bearer()}`,
    'nothing but the word': () => 'Bearer',
    nonsense: () => 'Bearer nonsense',
    dots: () => 'Bearer ..',
    'a changed payload': async () => {
      const [head, , signature] = (await bearer()).split('.')
      const other = (await bearer({ payload: { role: 'admin' } })).split('.')[1]
      return `${head}.${other}.${signature}`
    },
  }
  test.each(Object.entries(forged))('%s', async (_name, make) => {
    const service = keysAt(async () => [await jwk(first, 'first')])
    const gate = gateOf(service)
    expect(await gate.decide(await bearer(), {})).toMatchObject({ kind: 'passed' })
    const authorization = await make()
    // The second time from whatever is remembered.
    for (const _ of [1, 2]) {
      expect(await gate.decide(authorization, {})).toMatchObject({
        kind: 'refused',
        problem: { status: 401, code: 'unauthenticated' },
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      })
    }
  })

  test.each([undefined, '', 'Basic YTpi', 'bearerish'])('%s is no token at all', (authorization) => {
    const verdict = gateOf(keysAt(async () => [])).decide(authorization, {})
    expect(verdict).toMatchObject({ problem: { status: 401 }, headers: { 'www-authenticate': 'Bearer' } })
  })
})

describe('keys', () => {
  test('are fetched once, and a token is decided about at once from its second time on', async () => {
    const service = keysAt(async () => [await jwk(first, 'first')])
    const gate = gateOf(service)
    const authorization = await bearer()
    const verdicts = await Promise.all(Array.from({ length: 1_000 }, () => gate.decide(authorization, {})))
    expect(verdicts.every(({ kind }) => kind === 'passed')).toBe(true)
    expect(service.asked.count).toBe(1)
    expect(gate.decide(authorization, { plan: 'pro' })).toMatchObject({
      kind: 'passed',
      caller: { plan: 'pro' },
    })
    expect(service.asked.count).toBe(1)
  })

  test('that were rotated are asked for once in ten seconds, by all together', async () => {
    let now = NOW
    const published = [await jwk(first, 'first')]
    const service = keysAt(async () => published)
    const gate = gateOf(service, () => now)
    await gate.ready()
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, i) => bearer({ header: { kid: `foreign-${i}` } })),
    )
    await Promise.all(made.map((authorization) => gate.decide(authorization, {})))
    expect(service.asked.count).toBe(2)
    published.push(await jwk(second, 'second'))
    const rotated = await bearer({ key: second.privateKey, header: { kid: 'second' } })
    now += 9_999
    expect(await gate.decide(rotated, {})).toMatchObject({ problem: { status: 401 } })
    now += 1
    expect(await gate.decide(rotated, {})).toMatchObject({ kind: 'passed' })
    expect(service.asked.count).toBe(3)
  })

  test('that are known go on verifying however long the service is down, and are looked at again in the background', async () => {
    let now = NOW
    const service = keysAt(async () => [await jwk(first, 'first')], 'public, max-age=60')
    const gate = gateOf(service, () => now)
    await gate.ready()
    service.asked.isDown = true
    now += 86_400_000
    const exp = now / 1000 + 600
    expect(await gate.decide(await bearer({ payload: { exp } }), {})).toMatchObject({ kind: 'passed' })
    expect(service.asked.count).toBe(2)
    expect(await gate.decide(await bearer({ payload: { exp, iat: 1 } }), {})).toMatchObject({
      kind: 'passed',
    })
    expect(service.asked.count).toBe(2)
  })

  test('that are not there are no reason to let anybody pass', async () => {
    const service = keysAt(async () => [])
    service.asked.isDown = true
    const logged: string[] = []
    const gate = createGate({
      url: URL,
      fetch: service.fetch,
      now: () => NOW,
      log: (said) => logged.push(said),
    })
    await expect(gate.ready()).rejects.toThrow()
    expect(await gate.decide(await bearer(), {})).toMatchObject({
      kind: 'refused',
      problem: { status: 503, code: 'overloaded' },
      headers: { 'retry-after': '5' },
    })
    expect(logged).toHaveLength(1)
  })
})

describe('why a token that the service signed is refused is logged, once a minute', () => {
  const wrong: Record<string, [payload: JWTPayload, why: RegExp]> = {
    'url is not the address that the service knows itself by': [
      { iss: 'https://other.example' },
      /issued by https:\/\/other\.example.* url .*https:\/\/gate\.example/,
    ],
    'audience is another': [{ aud: ['https://other.example'] }, /for https:\/\/other\.example.* audience /],
    'the clock of the service is ahead': [{ exp: NOW / 1000 + 86_400 }, /2027-01-16T08:00:00.000Z/],
    'the clock of the service is behind': [{ exp: NOW / 1000 - 86_400 }, /2027-01-14T08:00:00.000Z/],
  }
  test.each(Object.entries(wrong))('%s', async (_name, [payload, why]) => {
    let now = NOW
    const { fetch } = keysAt(async () => [await jwk(first, 'first')])
    const logged: unknown[] = []
    const log = (...said: unknown[]) => logged.push(JSON.stringify(said))
    const gate = createGate({ url: URL, fetch, now: () => now, log })
    const authorization = await bearer({ payload })
    for (const _ of [1, 2]) expect(await gate.decide(authorization, {})).toMatchObject({ kind: 'refused' })
    expect(logged).toEqual([expect.stringMatching(why)])
    expect(logged[0]).not.toContain(authorization.slice(-20))
    now += 60_000
    await gate.decide(authorization, {})
    expect(logged).toHaveLength(2)
  })

  test('but nothing of what strangers sign', async () => {
    const { fetch } = keysAt(async () => [await jwk(first, 'first')])
    const logged: unknown[] = []
    const gate = createGate({ url: URL, fetch, now: () => NOW, log: (said) => logged.push(said) })
    await gate.decide(await bearer({ key: second.privateKey, payload: { iss: 'https://other.example' } }), {})
    expect(logged).toEqual([])
  })

  test('on the console, where no log is given', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const gate = gateOf(keysAt(async () => [await jwk(first, 'first')]))
    await gate.decide(await bearer({ payload: { aud: 'https://other.example' } }), {})
    expect(warn).toHaveBeenCalledOnce()
  })
})

test('a token that is seen expires while it is remembered, and the grant in it too', async () => {
  let now = NOW
  const service = keysAt(async () => [await jwk(first, 'first')])
  const gate = gateOf(service, () => now)
  const until = new Date(NOW + 60_000).toISOString()
  const authorization = await bearer({ payload: { ent: { ...claims.ent, until } } })
  expect(await gate.decide(authorization, { plan: 'pro' })).toMatchObject({
    kind: 'passed',
    caller: { plan: 'pro' },
  })
  now += 60_000
  expect(gate.decide(authorization, {})).toMatchObject({ caller: { plan: 'free', source: null } })
  expect(await gate.decide(authorization, { plan: 'pro' })).toMatchObject({
    problem: { reason: 'trial-expired', plan: 'free', required_plan: 'pro', upgrade_url: `${URL}/billing` },
  })
  now = NOW + 630_000
  expect(await gate.decide(authorization, {})).toMatchObject({ problem: { status: 401 } })
})
