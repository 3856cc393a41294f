import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/audit.ts'
import { dump } from '../support/dump.ts'
import { operatorToken, register } from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { startReplica } from '../support/replica.ts'
import { endGrant, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

const PATIENCE = { timeout: 15_000, interval: 20 }
const KEYS = '/v1/operator/product-keys'

const asked = (accountId: string) => `/v1/entitlements?account_id=${accountId}`
const ask = (key: string, accountId: string) => t.call('GET', asked(accountId), { as: key })

async function create(fields: Record<string, unknown>) {
  const body = { name: 'The product', scopes: ['entitlements:read'], ...fields }
  return t.call('POST', KEYS, { as: await operatorToken(t), body })
}

async function listed(id: string) {
  const { body } = await t.call('GET', `${KEYS}?limit=100`, { as: await operatorToken(t) })
  return body.data.find((key: { id: string }) => key.id === id)
}

/** What the trail says under an action of a key. */
async function trailOf(action: string, id: string) {
  const as = await operatorToken(t)
  const { body } = await t.call('GET', `/v1/operator/audit?action=${action}&limit=100`, { as })
  return body.data.filter(({ details }: { details: { product_key: string } }) => details.product_key === id)
}

async function operatorId(): Promise<string> {
  const { rows } = await t.app.pool.query('select id from operators')
  return rows[0].id
}

describe('createProductKey', () => {
  test('201: shows the key, this once; the list has all but that', async () => {
    const scopes = ['usage:write', 'entitlements:read']
    const reply = await create({ name: ' The product ', scopes, expires_at: '2100-01-01T01:00:00+01:00' })
    expect(reply.status).toBe(201)
    expect(reply.headers['cache-control']).toBe('no-store')
    const { key, ...shown } = reply.body
    expect(key).toMatch(/^fg_[A-Za-z0-9_-]{43}$/)
    expect(shown).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'The product',
      last_four: key.slice(-4),
      scopes: ['entitlements:read', 'usage:write'],
      created_at: instant(t),
      created_by: await operatorId(),
      expires_at: '2100-01-01T00:00:00.000Z',
      last_used_at: null,
      revoked_at: null,
      revoked_by: null,
    })
    expect(await listed(shown.id)).toEqual(shown)
    expect(await trailOf('product-key.created', shown.id)).toMatchObject([
      {
        actor_kind: 'operator',
        actor_id: shown.created_by,
        details: { scopes: shown.scopes, expires_at: shown.expires_at },
      },
    ])
  })

  test('the key is in no row and no log line, before and after it is used: its hash is', async () => {
    const { accountId } = await register(t)
    const { key } = await productKey(t)
    expect((await ask(key, accountId)).status).toBe(200)
    const kept = JSON.stringify([await dump(t), t.logged])
    const secret = key.slice('fg_'.length)
    for (const text of [secret, Buffer.from(secret, 'base64url').toString('hex')])
      expect(kept.includes(text)).toBe(false)
    expect(kept).toContain(createHash('sha256').update(key).digest('hex'))
  })

  const faults: [string, Record<string, unknown>, string][] = [
    ['no scope', { scopes: [] }, '#/scopes'],
    ['a scope that is none', { scopes: ['everything'] }, '#/scopes/0'],
    ['one scope twice', { scopes: ['usage:write', 'usage:write'] }, '#/scopes'],
    ['no name', { name: ' ' }, '#/name'],
    ['an end that has come', { expires_at: '2020-01-01T00:00:00Z' }, '#/expires_at'],
    ['a leap second', { expires_at: '2100-12-31T23:59:60Z' }, '#/expires_at'],
  ]
  test.each(faults)('422: %s', async (_name, fields, pointer) => {
    const reply = await create(fields)
    expect(reply.status).toBe(422)
    expect(reply.body.errors).toMatchObject([{ pointer }])
  })
})

describe('a key', () => {
  test('asks for any account, and sees at once what is changed here', async () => {
    const [ada, bob] = [await register(t), await register(t)]
    const { key } = await productKey(t)
    const grant = await giveGrant(t, ada.accountId, { source: 'complimentary', plan: 'team' })
    expect((await ask(key, ada.accountId)).body).toMatchObject({
      account_id: ada.accountId,
      plan: 'team',
      reason: 'complimentary',
      features: expect.objectContaining({ scripts: true }),
    })
    expect((await ask(key, bob.accountId)).body).toMatchObject({ account_id: bob.accountId, reason: 'trial' })
    await endGrant(t, grant)
    expect((await ask(key, ada.accountId)).body).toMatchObject({ plan: 'pro', reason: 'trial' })
  })

  test('sees within a second what another replica changed', async () => {
    const { accountId } = await register(t)
    const { key } = await productKey(t)
    const other = await startReplica(t)
    expect((await other.get(asked(accountId), key)).body.plan).toBe('pro')
    await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
    await expect.poll(async () => (await other.get(asked(accountId), key)).body.plan, PATIENCE).toBe('team')
  })

  test('is told the same as a member, however the id is written', async () => {
    const { accountId, accessToken } = await register(t)
    const { key } = await productKey(t)
    const byKey = await ask(key, accountId.toUpperCase())
    const byMember = await t.call('GET', '/v1/entitlements', { as: accessToken })
    const byName = await t.call('GET', asked(accountId.toUpperCase()), { as: accessToken })
    expect([byKey.status, byKey.body]).toEqual([200, byMember.body])
    expect(byName.body).toEqual(byMember.body)
    await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
    expect((await ask(key, accountId.toUpperCase())).body.plan).toBe('team')
  })

  test('costs no round trip while what it asks for is remembered', async () => {
    const { accountId } = await register(t)
    const { key } = await productKey(t)
    let statements = 0
    const count = () => statements++
    t.app.pool.on('acquire', count)
    const statementsOfOne = async () => {
      statements = 0
      await ask(key, accountId)
      return statements
    }
    expect(await statementsOfOne()).toBeGreaterThan(0)
    await expect.poll(statementsOfOne, PATIENCE).toBe(0)
    t.app.pool.off('acquire', count)
  })

  test('422: without an account; 404: for one that is unknown, and for one from the moment that it is closed', async () => {
    const { accountId, accessToken: as } = await register(t, { account_name: 'Gone' })
    const { key } = await productKey(t)
    const nowhere = await t.call('GET', '/v1/entitlements', { as: key })
    expect([nowhere.status, nowhere.body.errors]).toMatchObject([422, [{ pointer: '#/query/account_id' }]])
    expect((await ask(key, randomUUID())).body.code).toBe('not-found')
    expect((await ask(key, accountId)).status).toBe(200)
    await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'Gone' } })
    expect((await ask(key, accountId)).body.code).toBe('not-found')
  })

  test('403: without the scope, which the answer names as RFC 6750 has it', async () => {
    const { accountId } = await register(t)
    const { key } = await productKey(t, ['usage:write'])
    const reply = await ask(key, accountId)
    expect([reply.status, reply.body.code]).toEqual([403, 'forbidden'])
    expect(reply.body.detail).toContain('entitlements:read')
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", scope="entitlements:read"',
    )
  })

  test('401: from its end on, to the millisecond, though it is remembered', async () => {
    const { accountId } = await register(t)
    const { id, key } = await productKey(t, ['entitlements:read'], { expires_at: instant(t, 60) })
    t.moveClock(59.999)
    expect((await ask(key, accountId)).status).toBe(200)
    t.moveClock(0.001)
    const reply = await ask(key, accountId)
    expect([reply.status, reply.body.code]).toEqual([401, 'unauthenticated'])
    expect(reply.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
    expect(await listed(id)).toMatchObject({ expires_at: instant(t), revoked_at: null })
  })

  test('its last use is noted, a minute late at most, and not once it opens nothing', async () => {
    const { accountId } = await register(t)
    const { id, key } = await productKey(t)
    await ask(key, accountId)
    const first = instant(t)
    expect(await listed(id)).toMatchObject({ last_used_at: first })
    t.moveClock(60)
    await expect
      .poll(async () => {
        await ask(key, accountId)
        return (await listed(id)).last_used_at
      }, PATIENCE)
      .toBe(instant(t))
    const last = instant(t)
    await revokeProductKey(t, id)
    t.moveClock(120)
    await ask(key, accountId)
    expect(await listed(id)).toMatchObject({ last_used_at: last })
  })

  test('the trail names it as who acted', async () => {
    const { id } = await productKey(t)
    const action = 'test.acted'
    const actor = { kind: 'product-key', keyId: id, scopes: [], expiresAt: null } as const
    const caller = { actor, ip: null, userAgent: null, requestId: null }
    await audit(t.app.db, caller, { action }, t.app.now())
    const as = await operatorToken(t)
    const { body } = await t.call('GET', `/v1/operator/audit?action=${action}`, { as })
    expect(body.data).toMatchObject([{ actor_kind: 'product-key', actor_id: id }])
  })
})

describe('revokeProductKey', () => {
  test('204: the key is refused here at once, on another replica within a second; again, it changes nothing', async () => {
    const { accountId } = await register(t)
    const { id, key } = await productKey(t)
    const other = await startReplica(t)
    const elsewhere = () => other.get(asked(accountId), key)
    // Both have seen it, and remember it.
    expect([(await ask(key, accountId)).status, (await elsewhere()).status]).toEqual([200, 200])
    await revokeProductKey(t, id)
    expect((await ask(key, accountId)).status).toBe(401)
    await expect.poll(async () => (await elsewhere()).status, PATIENCE).toBe(401)
    const revoked = await listed(id)
    expect(revoked).toMatchObject({ revoked_at: instant(t), revoked_by: await operatorId() })

    t.moveClock(1)
    await revokeProductKey(t, id)
    expect(await listed(id)).toEqual(revoked)
    expect(await trailOf('product-key.revoked', id)).toMatchObject([{ details: { reason: 'It leaked' } }])
  })
})

describe('listProductKeys', () => {
  test('200: page by page, the newest first', async () => {
    const ids = []
    for (let i = 0; i < 3; i++) {
      t.moveClock(1)
      ids.unshift((await productKey(t)).id)
    }
    const as = await operatorToken(t)
    const first = await t.call('GET', `${KEYS}?limit=2`, { as })
    const next = await t.call('GET', `${KEYS}?limit=1&cursor=${first.body.next_cursor}`, { as })
    const found = [...first.body.data, ...next.body.data].map(({ id }: { id: string }) => id)
    expect(found).toEqual(ids)
  })
})
