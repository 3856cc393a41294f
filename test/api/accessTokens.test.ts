import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { decodeJwt, decodeProtectedHeader, exportJWK, exportSPKI, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { loadSigningKeys, type SigningKey } from '../../src/access/signingKeys.ts'
import { operatorToken, type Person, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let person: Person
let key: SigningKey
beforeAll(async () => {
  t = await startTestApp()
  person = await register(t)
  const [newest] = await loadSigningKeys(t.app.db, t.app.config.secrets)
  if (!newest) throw new Error('There is no signing key')
  key = newest
})
afterAll(() => t.close())

const ask = (authorization: string) => t.call('GET', '/v1/me', { headers: { authorization } })
const seconds = () => Math.floor(t.app.now().getTime() / 1000)
const claims = () => decodeJwt(person.accessToken)
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const stranger = generateKeyPairSync('ed25519')

async function expectRefused(accessToken: string): Promise<void> {
  const reply = await ask(`Bearer ${accessToken}`)
  expect(reply.status).toBe(401)
  expect(reply.body.code).toBe('unauthenticated')
  expect(reply.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
}

/** A token with our claims, changed here and there, signed with our own key unless told otherwise. */
function forge(
  changedClaims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  signer: KeyObject = key.openPrivateKey(),
): Promise<string> {
  return new SignJWT({ ...claims(), ...changedClaims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid, ...header })
    .sign(signer)
}

test('a token that is made the way ours are is accepted: the others below differ from it in one thing', async () => {
  expect((await ask(`Bearer ${await forge()}`)).status).toBe(200)
  expect((await ask(`bearer ${person.accessToken}`)).status).toBe(200)
})

describe('401: what its header says', () => {
  test.each(['none', 'None', 'NONE', 'nOnE'])('alg %s, without and with a signature', async (alg) => {
    const body = `${encode({ alg, typ: 'at+jwt', kid: key.kid })}.${encode(claims())}`
    await expectRefused(`${body}.`)
    await expectRefused(body)
    await expectRefused(`${body}.${person.accessToken.split('.')[2]}`)
  })

  test('HS256, signed with our public key in any of its shapes', async () => {
    const spki = key.publicKey.export({ format: 'der', type: 'spki' })
    const jwk = key.publicKey.export({ format: 'jwk' })
    const pem = await exportSPKI(key.publicKey)
    const body = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${encode(claims())}`
    for (const secret of [
      spki,
      pem,
      pem.trim(),
      JSON.stringify(jwk),
      jwk.x ?? '',
      Buffer.from(jwk.x ?? '', 'base64url'),
    ]) {
      const signature = createHmac('sha256', secret).update(body).digest('base64url')
      await expectRefused(`${body}.${signature}`)
    }
  })

  test('a key of its own: in jwk, behind jku or x5u, under its kid or ours; nothing is fetched', async () => {
    const visits: string[] = []
    const server = createServer((request, reply) => {
      visits.push(request.url ?? '')
      reply.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
    const jwk = await exportJWK(stranger.publicKey)
    for (const kid of [key.kid, 'attacker', '', '../../etc/passwd', `${key.kid} `]) {
      for (const header of [{}, { jwk }, { jku: url }, { x5u: url }, { jwk, jku: url }]) {
        await expectRefused(await forge({}, { kid, ...header }, stranger.privateKey))
      }
    }
    await expectRefused(await forge({}, { kid: undefined }))
    await expectRefused(await forge({}, { kid: 'of-nobody', jwk: await exportJWK(key.publicKey) }))
    expect(visits).toEqual([])
  })

  test.each(['JWT', 'jwt', 'dpop+jwt', 'at', '', undefined])('typ %j', async (typ) => {
    await expectRefused(await forge({}, { typ }))
  })

  test('an extension that it declares critical and nobody here knows', async () => {
    const header = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid, crit: ['exp2'], exp2: 1 })
    const body = `${header}.${encode(claims())}`
    await expectRefused(
      `${body}.${sign(null, Buffer.from(body), key.openPrivateKey()).toString('base64url')}`,
    )
  })
})

describe('401: what it claims', () => {
  const wrong: [string, () => Record<string, unknown>][] = [
    ['another issuer', () => ({ iss: 'http://localhost:4001' })],
    ['our issuer with a slash', () => ({ iss: 'http://localhost:4000/' })],
    ['no issuer', () => ({ iss: undefined })],
    ['another audience', () => ({ aud: 'https://product.example' })],
    ['no audience', () => ({ aud: undefined })],
    ['an empty list of audiences', () => ({ aud: [] })],
    ['no subject', () => ({ sub: undefined })],
    ['an end that is reached', () => ({ exp: seconds() })],
    ['an end long ago', () => ({ exp: 1 })],
    ['no end', () => ({ exp: undefined })],
    ['an end later than any we give', () => ({ exp: seconds() + 3600 })],
    ['an end beyond numbers', () => ({ exp: 1e300 })],
  ]
  test.each(wrong)('%s', async (_name, changed) => expectRefused(await forge(changed())))

  test('a token is refused from the second on at which it ends, also where it was accepted before', async () => {
    const { accessToken } = await register(t)
    const accept = () => t.call('GET', '/v1/me', { as: accessToken })
    expect((await accept()).status).toBe(200)
    await t.advance(599)
    expect((await accept()).status).toBe(200)
    await t.advance(1)
    await expectRefused(accessToken)
    person = await register(t)
  })

  test('an operator’s token is none for users, and a user’s is none for operators', async () => {
    await expectRefused(await operatorToken(t))
    const reply = await t.call('GET', '/v1/operator/accounts', { as: person.accessToken })
    expect(reply.status).toBe(403)
    const pretended = await forge({ aud: 'http://localhost:4000/operator' })
    expect((await t.call('GET', '/v1/operator/accounts', { as: pretended })).status).toBe(401)
    const both = await forge({ aud: ['http://localhost:4000', 'http://localhost:4000/operator'] })
    expect((await t.call('GET', '/v1/operator/accounts', { as: both })).status).toBe(403)
  })
})

describe('401: how it is written', () => {
  test('with any character changed or lost', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const given = person.accessToken
    // The last character of a signature holds bits that no byte is made of.
    const position = fc.nat(given.length - 2)
    await fc.assert(
      fc.asyncProperty(position, fc.constantFrom(...alphabet), async (at, letter) => {
        fc.pre(given[at] !== letter)
        const changed = given.slice(0, at) + letter + given.slice(at + 1)
        expect((await ask(`Bearer ${changed}`)).status).toBe(401)
        expect((await ask(`Bearer ${given.slice(0, at)}`)).status).toBe(401)
      }),
      { numRuns: 60 },
    )
  })

  test('as anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string({ maxLength: 40 }), async (scheme, token) => {
        const reply = await ask(`${scheme} ${token}`)
        expect([401, 422]).toContain(reply.status)
      }),
      { numRuns: 100 },
    )
  })

  const odd: [string, () => string][] = [
    ['no token', () => 'Bearer'],
    ['an empty token', () => 'Bearer '],
    ['two tokens', () => `Bearer ${person.accessToken} ${person.accessToken}`],
    ['two spaces', () => `Bearer  ${person.accessToken}`],
    ['a tab', () => `Bearer\t${person.accessToken}`],
    ['another scheme', () => `Basic ${person.accessToken}`],
    ['no scheme', () => person.accessToken],
    ['the token in quotes', () => `Bearer "${person.accessToken}"`],
    ['only dots', () => 'Bearer ..'],
    ['a header that is no object', () => `Bearer ${encode(null)}.${encode({})}.x`],
    ['a kid that is no text', () => `Bearer ${encode({ alg: 'EdDSA', kid: { a: 1 } })}.${encode({})}.x`],
    ['a token of 12,000 characters', () => `Bearer ${'a'.repeat(12_000)}`],
    ['a large token that begins like ours', () => `Bearer ${person.accessToken}${'A'.repeat(9_000)}`],
    [
      'a large token of our own making',
      () => `Bearer ${person.accessToken.split('.')[0]}.${'A'.repeat(9_000)}.x`,
    ],
  ]
  test.each(odd)('%s', async (_name, authorization) => {
    const reply = await ask(authorization())
    expect(reply.status).toBe(401)
    expect(reply.body.code).toBe('unauthenticated')
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/)
  })

  test('twice, on the wire', async () => {
    await t.fastify.listen({ port: 0, host: '127.0.0.1' })
    const { port } = t.fastify.server.address() as AddressInfo
    const good = `Authorization: Bearer ${person.accessToken}`
    const statusOf = async (...lines: string[]) => {
      const socket = connect(port, '127.0.0.1')
      socket.write(
        `GET /v1/me HTTP/1.1\r\nHost: localhost\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`,
      )
      return (await text(socket)).split(' ')[1]
    }
    expect(await statusOf(good)).toBe('200')
    expect(await statusOf(good, 'authorization: Bearer x')).toBe('401')
    expect(await statusOf('Authorization: Bearer x', good)).toBe('401')
    expect(await statusOf(good, good)).toBe('401')
  })
})

test('our tokens say nothing more than what is documented', () => {
  expect(decodeProtectedHeader(person.accessToken)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid })
  const common = ['aud', 'exp', 'iat', 'iss', 'sub']
  const ours = ['account_id', 'amr', 'email_verified', 'ent', 'role', 'sid', 'verification_grace_ends_at']
  expect(Object.keys(claims()).sort()).toEqual([...common, ...ours].sort())
  expect(Object.keys(claims().ent as object).sort()).toEqual(
    ['features', 'opens', 'plan', 'reason', 'source', 'until'].sort(),
  )
})
