import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { loadSigningKeys, rotateSigningKey } from '../../src/access/signingKeys.ts'
import { inTx } from '../../src/db/transaction.ts'
import { operatorToken, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { readGuide, writeSnippets } from './snippets.ts'

type Claims = Record<string, unknown>
interface Snippet {
  tokenReader: (url: string, options: object) => (token: string) => Promise<Claims | null>
  statusFor: (claims: Claims, asked: object, at?: Date) => number | null
}

let t: TestApp
let url: string
/** How often the keys have been read. */
let reads = 0
beforeAll(async () => {
  const port = await freePort(0)
  url = `http://127.0.0.1:${port}`
  t = await startTestApp({ PUBLIC_URL: url })
  await t.fastify.listen({ host: '127.0.0.1', port })
  t.fastify.server.on('request', ({ url: path }: IncomingMessage) => {
    if (path === '/.well-known/jwks.json') reads++
  })
})
afterAll(() => t.close())

let snippet: Promise<Snippet> | undefined
const load = (): Promise<Snippet> => {
  snippet ??= import(join(writeSnippets('verify-tokens-by-hand.md'), 'verifyToken.js')) as Promise<Snippet>
  return snippet
}
const reader = async () => (await load()).tokenReader(url, { now: () => t.app.now().getTime() })

/** The person's token with something else in it, signed with our key unless told otherwise. */
async function forge(
  accessToken: string,
  claims: object,
  header: object = {},
  by?: SignerKey,
): Promise<string> {
  const [key] = await loadSigningKeys(t.app.db, t.app.config.secrets)
  return new SignJWT({ ...decodeJwt(accessToken), ...claims })
    .setProtectedHeader({ ...(decodeProtectedHeader(accessToken) as { alg: string }), ...header })
    .sign(by ?? (key?.openPrivateKey() as SignerKey))
}
type SignerKey = ReturnType<typeof generateKeyPairSync>['privateKey']

describe('the reader', () => {
  test('knows a token of the service, reading the keys once for many at a time', async () => {
    const read = await reader()
    const { accessToken, userId } = await register(t)
    reads = 0
    const claims = await Promise.all(Array.from({ length: 50 }, () => read(accessToken)))
    expect(new Set(claims.map((each) => each?.sub))).toEqual(new Set([userId]))
    expect(reads).toBe(1)
  })

  test('refuses what differs in one thing', async () => {
    const { accessToken } = await register(t)
    const alike = await forge(accessToken, {})
    let read = await reader()
    // A busy machine may take longer than the five seconds that a reader waits for the keys.
    await expect
      .poll(async () => {
        read = await reader()
        return read(alike)
      })
      .not.toBeNull()
    const past = Math.floor(t.app.now().getTime() / 1000) - 31
    const { privateKey } = generateKeyPairSync('ed25519')
    const [header, payload, signature] = accessToken.split('.')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    const bad = [
      await forge(accessToken, { iss: `${url}/` }),
      await forge(accessToken, { aud: 'another' }),
      await forge(accessToken, { exp: past }),
      await forge(accessToken, {}, { typ: 'JWT' }),
      await forge(accessToken, {}, {}, privateKey),
      await forge(accessToken, {}, { kid: 'unknown' }),
      await operatorToken(t),
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}x.${signature}`,
      `${accessToken}.`,
      '',
      'x'.repeat(5000),
    ]
    for (const token of bad) expect(await read(token), token).toBeNull()
  })

  test('a session that ended is known to the service alone', async () => {
    const read = await reader()
    const { accessToken } = await register(t)
    await t.call('POST', '/v1/auth/logout-all', { as: accessToken })
    expect(await read(accessToken)).not.toBeNull()
  })

  test('follows a rotation, and does not let strangers make it read the keys again and again', async () => {
    const read = await reader()
    const before = await register(t)
    expect(await read(before.accessToken)).not.toBeNull()
    const { kid } = await inTx(t.app, (tx) => rotateSigningKey(tx, t.app.config, t.app.now()))
    const published = async () => (await t.call('GET', '/.well-known/jwks.json')).text
    await expect.poll(published).toContain(kid)
    await t.advance(601)
    const after = await register(t)
    expect(decodeProtectedHeader(after.accessToken).kid).toBe(kid)
    expect((await read(after.accessToken))?.sub).toBe(after.userId)
    reads = 0
    const strange = await forge(after.accessToken, {}, { kid: 'unknown' })
    for (let i = 0; i < 20; i++) expect(await read(strange)).toBeNull()
    expect(reads).toBe(0)
    t.moveClock(11)
    await read(strange)
    expect(reads).toBe(1)
  })
})

describe('what the token opens', () => {
  test('as the service sees it: the trial opens pro, and its end closes it again', async () => {
    const { statusFor } = await load()
    const { accessToken } = await register(t)
    const claims = decodeJwt(accessToken) as Claims
    const { until } = claims.ent as { until: string }
    const before = new Date(new Date(until).getTime() - 1)
    const verified = { ...claims, email_verified: true, verification_grace_ends_at: null }
    for (const [asked, query] of [
      [{ plan: 'pro', feature: 'scripts' }, '?require=plan:pro&feature=scripts'],
      [{ plan: 'team' }, '?require=plan:team'],
      [{ role: 'owner' }, '?role=owner'],
    ] as const) {
      const { status } = await t.call('GET', `/v1/forward-auth${query}`, { as: accessToken })
      expect(statusFor(claims, asked, t.app.now())).toBe(status)
    }
    expect(statusFor(verified, { plan: 'pro' }, before)).toBe(200)
    expect(statusFor(verified, { plan: 'pro' }, new Date(until))).toBe(402)
    expect(statusFor(verified, { plan: 'free' }, new Date(until))).toBe(200)
    expect(statusFor(claims, { plan: 'free' }, new Date(until))).toBe(403)
  })

  test('roles, nobody’s account, and a token that leaves the lists out', async () => {
    const { statusFor } = await load()
    const ent = {
      plan: 'pro',
      source: 'stripe',
      until: null,
      reason: null,
      opens: ['free', 'pro'],
      features: ['scripts'],
    }
    const claims = { role: 'member', email_verified: true, verification_grace_ends_at: null, ent }
    expect(statusFor(claims, { role: 'member' })).toBe(200)
    expect(statusFor(claims, { role: 'admin' })).toBe(403)
    expect(statusFor(claims, { feature: 'scripts' })).toBe(200)
    expect(statusFor(claims, { feature: 'flowpilot' })).toBe(402)
    expect(statusFor({ ...claims, ent: null }, {})).toBe(403)
    const short = { plan: 'pro', source: 'stripe', until: null, reason: null }
    expect(statusFor({ ...claims, ent: short }, { plan: 'pro' })).toBeNull()
  })
})

test('the guide names every claim that a token has', async () => {
  const { accessToken } = await register(t)
  const { ent, ...claims } = decodeJwt(accessToken) as Claims & { ent: object }
  const names = [...Object.keys(claims), ...Object.keys(ent).map((name) => `ent.${name}`)]
  for (const name of names) expect(readGuide('verify-tokens-by-hand.md')).toContain(`\`${name}\``)
})
