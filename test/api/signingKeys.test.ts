import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadSigningKeys, rotateSigningKey } from '../../src/access/signingKeys.ts'
import { readConfig } from '../../src/config.ts'
import { inTx } from '../../src/db/transaction.ts'
import { register } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const PATIENCE = { timeout: 15_000 }
const OLD_SECRET = String(testEnvironment.SECRET)
const NEW_SECRET = 'the-secret-that-follows-the-old-one-0123456789'

const rotate = (t: TestApp, options?: { now: boolean }, config = t.app.config) =>
  inTx(t.app, (tx) => rotateSigningKey(tx, config, t.app.now(), options))
const unverified = { email_verified: false, verification_grace_ends_at: null }
const kidOf = (accessToken: string) => decodeProtectedHeader(accessToken).kid

async function published(t: TestApp): Promise<string[]> {
  const { body } = await t.call('GET', '/.well-known/jwks.json')
  return body.keys.map(({ kid }: { kid: string }) => kid)
}

describe('rotation', () => {
  test('a new key is published ten minutes before it signs, and the old one until its last token is over', async () => {
    const t = await startTestAppWith({})
    const first = kidOf((await register(t)).accessToken)
    const { kid: second, signsFrom } = await rotate(t)
    expect(signsFrom.getTime() - t.app.now().getTime()).toBe(600_000)
    await expect.poll(() => published(t), PATIENCE).toEqual([second, first])

    await t.advance(599.999)
    const last = await register(t)
    expect(kidOf(last.accessToken)).toBe(first)
    await t.advance(0.001)
    expect(kidOf((await register(t)).accessToken)).toBe(second)

    // The last token of the old key lives for ten minutes, and clocks may differ by one.
    await t.advance(599)
    expect((await t.call('GET', '/v1/me', { as: last.accessToken })).status).toBe(200)
    await t.advance(60.999)
    expect(await published(t)).toEqual([second, first])
    await t.advance(0.001)
    expect(await published(t)).toEqual([second])
    expect((await t.call('GET', '/v1/me', { as: last.accessToken })).status).toBe(401)
  })

  test('at once, when asked: tokens of both keys are accepted by processes old and new', async () => {
    const t = await startTestAppWith({})
    const before = await register(t)
    const { kid, signsFrom } = await rotate(t, { now: true })
    expect(signsFrom).toEqual(t.app.now())
    const fresh = await startReplica(t)
    const { sub, sid, account_id } = claimsOf(before.accessToken)
    const after = await fresh.access.tokens.issue(
      { sub, sid, account_id, role: 'owner', ...unverified, ent: null },
      t.app.now(),
    )
    expect(kidOf(after)).toBe(kid)
    for (const accessToken of [before.accessToken, after]) {
      expect((await fresh.get('/v1/me', accessToken)).status).toBe(200)
      await expect
        .poll(() => t.call('GET', '/v1/me', { as: accessToken }).then(({ status }) => status), PATIENCE)
        .toBe(200)
    }
    await t.advance(660)
    await expect.poll(() => published(t), PATIENCE).toEqual([kid])
  })

  test('two at once make two keys, and everybody agrees which one signs', async () => {
    const t = await startTestAppWith({}, { work: false })
    await Promise.all([rotate(t, { now: true }), rotate(t, { now: true })])
    const [one, other] = [await startReplica(t), await startReplica(t)]
    const { userId } = await register(t)
    const tokens = await Promise.all(
      [one, other].map(({ access }) => access.tokens.issueToOperator(userId, t.app.now())),
    )
    expect(new Set(tokens.map(kidOf)).size).toBe(1)
    expect(await loadSigningKeys(t.app.db, t.app.config.secrets)).toHaveLength(3)
  })
})

describe('at rest', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await startTestApp({}, { work: false })
  })
  afterAll(() => t.close())

  test('the private half is encrypted: neither it nor its seed stands in the row', async () => {
    const { rows } = await t.app.pool.query<{
      private_key_encrypted: Buffer
      public_jwk: object
      all: string
    }>('select private_key_encrypted, public_jwk, k::text as all from signing_keys k')
    const [row] = rows
    const [key] = await loadSigningKeys(t.app.db, t.app.config.secrets)
    const privateKey = key?.openPrivateKey()
    const seed = Buffer.from(privateKey?.export({ format: 'jwk' }).d ?? '', 'base64url')
    const pkcs8 = privateKey?.export({ format: 'der', type: 'pkcs8' }) ?? Buffer.alloc(0)
    expect(seed).toHaveLength(32)
    expect(pkcs8.subarray(-32)).toEqual(seed)
    // The PKCS #8 frame around an Ed25519 seed is always the same.
    for (const part of [pkcs8, pkcs8.subarray(0, 16), seed, seed.subarray(0, 8)]) {
      expect(row?.private_key_encrypted.includes(part)).toBe(false)
      expect(row?.all).not.toContain(part.toString('hex'))
    }
    expect(row?.public_jwk).not.toHaveProperty('d')
  })

  test('a key that was moved into another row does not open there', async () => {
    const { kid } = await rotate(t)
    await t.app.pool.query(
      `update signing_keys set private_key_encrypted = (select private_key_encrypted from signing_keys where id <> $1)
       where id = $1`,
      [kid],
    )
    const keys = await loadSigningKeys(t.app.db, t.app.config.secrets)
    expect(() => keys.find((key) => key.kid === kid)?.openPrivateKey()).toThrow(/SECRET/)
  })
})

describe('a secret that is replaced', () => {
  test('new keys are sealed with the new one; the old one can go, though its keys are still there', async () => {
    const t = await startTestAppWith({}, { work: false })
    const { accessToken: before } = await register(t)
    const both = await startReplica(t, { SECRET: `${NEW_SECRET},${OLD_SECRET}` })
    expect((await both.get('/v1/me', before)).status).toBe(200)
    const config = readConfig({
      ...testEnvironment,
      DATABASE_URL: t.databaseUrl,
      SECRET: `${NEW_SECRET},${OLD_SECRET}`,
    })
    const { kid } = await rotate(t, { now: true }, config)

    const after = await startReplica(t, { SECRET: NEW_SECRET })
    expect((await after.get('/v1/me', before)).status).toBe(200)
    const { sub, sid, account_id } = claimsOf(before)
    const issued = await after.access.tokens.issue(
      { sub, sid, account_id, role: 'owner', ...unverified, ent: null },
      t.app.now(),
    )
    expect(kidOf(issued)).toBe(kid)
    expect((await after.get('/v1/me', issued)).status).toBe(200)
  })

  test('one that goes before a key was made with the new one: nothing is signed, and the reason is said', async () => {
    const t = await startTestAppWith({}, { work: false })
    const { userId } = await register(t)
    const { access } = await startReplica(t, { SECRET: NEW_SECRET })
    await expect(access.tokens.issueToOperator(userId, t.app.now())).rejects.toThrow(/SECRET/)
  })
})

describe('a process that has just begun', () => {
  test('answers its first requests though they all come at once', async () => {
    const t = await startTestAppWith({}, { work: false })
    const { accessToken } = await register(t)
    const fresh = await startReplica(t)
    const replies = await Promise.all(Array.from({ length: 12 }, () => fresh.get('/v1/me', accessToken)))
    expect(replies.map(({ status }) => status)).toEqual(Array(12).fill(200))
  })

  test('takes no token for a stranger’s because its keys could not be read: it asks again', async () => {
    const t = await startTestAppWith({}, { work: false })
    const { accessToken } = await register(t)
    const fresh = await startReplica(t)
    await t.app.pool.query('alter table signing_keys rename to hidden')
    expect((await fresh.get('/v1/me', accessToken)).status).toBe(500)
    await t.app.pool.query('alter table hidden rename to signing_keys')
    expect((await fresh.get('/v1/me', accessToken)).status).toBe(200)
  })
})

function claimsOf(accessToken: string): { sub: string; sid: string; account_id: string } {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
}
