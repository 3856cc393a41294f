import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import type { Gate } from '@frontgate/client/guards'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import shipped from '../../catalogue.json' with { type: 'json' }
import { applyCatalogue } from '../../src/catalogue/applyCatalogue.ts'
import type { CatalogueFile } from '../../src/catalogue/catalogueFile.ts'
import { inTx } from '../../src/db/transaction.ts'
import { frontgate, SECRET } from '../support/commandLine.ts'
import { bearing, openGate, openLastingGate } from '../support/gates.ts'
import { changeRole, joined } from '../support/members.ts'
import { registerVerified, signIn } from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { startReplica } from '../support/replica.ts'
import { endGrant, giveGrant, instant, setOverride } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
let gates: Gate[]
beforeAll(async () => {
  t = await startTestApp()
  gates = [
    await openLastingGate(t, { live: true, now: Date.now }),
    await openLastingGate(t, { live: true, now: Date.now }),
  ]
})
afterAll(async () => {
  for (const gate of gates) gate.close()
  await t.close()
})

/** Waits until every gate says the same of a token. */
async function everyGate(authorization: string, requirement: Parameters<Gate['decide']>[1], says: object) {
  for (const gate of gates) {
    await expect.poll(() => gate.decide(authorization, requirement)).toMatchObject(says)
  }
}

const PASSED = { kind: 'passed', basis: 'live' }

describe('what is changed anywhere reaches every gate, whatever the token says', () => {
  test('a grant that is given and ended', async () => {
    const { accessToken, accountId } = await registerVerified(t)
    const authorization = bearing(accessToken)
    await everyGate(authorization, { plan: 'team' }, { problem: { reason: 'plan-too-low' } })
    const grant = await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
    await everyGate(authorization, { plan: 'team' }, { ...PASSED, caller: { source: 'complimentary' } })
    await endGrant(t, grant)
    await everyGate(authorization, { plan: 'team' }, { problem: { reason: 'plan-too-low' } })
  })

  test('a feature and a limit of the account’s own', async () => {
    const { accessToken, accountId } = await registerVerified(t)
    const authorization = bearing(accessToken)
    await everyGate(authorization, { features: ['scripts'] }, PASSED)
    await setOverride(t, accountId, 'features/scripts', false)
    await everyGate(authorization, { features: ['scripts'] }, { problem: { required_plan: null } })
    const verdict = await gates[0]?.decide(authorization, {})
    if (verdict?.kind !== 'passed') throw new Error('They were let in a moment ago')
    const order = { limit: 'trees', amount: 1 }
    expect(await gates[0]?.compare(verdict.caller, order, 100)).toMatchObject({ problem: { limit: 100 } })
    await setOverride(t, accountId, 'limits/trees', 101)
    await expect.poll(() => gates[0]?.compare(verdict.caller, order, 100)).toMatchObject(PASSED)
  })

  test('a role, and being a member at all', async () => {
    const owner = await registerVerified(t)
    const member = await joined(t, owner.accountId, 'member')
    const authorization = bearing(member.accessToken)
    await everyGate(authorization, { role: 'admin' }, { problem: { code: 'forbidden' } })
    expect((await changeRole(t, owner, member, 'admin')).status).toBe(200)
    await everyGate(authorization, { role: 'admin' }, { ...PASSED, caller: { role: 'admin' } })
    await t.call('DELETE', `/v1/accounts/me/members/${member.userId}`, { as: owner.accessToken })
    await everyGate(authorization, {}, { problem: { status: 403, code: 'forbidden' } })
  })

  test('a session that is ended in another process', async () => {
    const { accessToken, email } = await registerVerified(t)
    const other = (await signIn(t, email)).body.access_token
    await everyGate(bearing(accessToken), {}, PASSED)
    await everyGate(bearing(other), {}, PASSED)
    const replica = await startReplica(t)
    expect((await replica.post('/v1/auth/logout', {}, { as: accessToken })).status).toBe(204)
    await everyGate(bearing(accessToken), {}, { problem: { status: 401, code: 'session-expired' } })
    await everyGate(bearing(other), {}, PASSED)
  })

  test('the catalogue', async () => {
    const { accessToken } = await registerVerified(t)
    const authorization = bearing(accessToken)
    await everyGate(authorization, { features: ['flowpilot'] }, PASSED)
    const without = structuredClone(shipped) as unknown as CatalogueFile
    without.features.flowpilot = { description: 'FlowPilot', enabled: false, default: false }
    await inTx(t.app, (tx) => applyCatalogue(tx, without, t.app.now()))
    await everyGate(authorization, { features: ['flowpilot'] }, { problem: { required_plan: null } })
    await inTx(t.app, (tx) => applyCatalogue(tx, shipped as unknown as CatalogueFile, t.app.now()))
    await everyGate(authorization, { features: ['flowpilot'] }, PASSED)
  })

  test('the time, without anything being changed', async () => {
    const { accessToken, accountId } = await registerVerified(t)
    const authorization = bearing(accessToken)
    await giveGrant(t, accountId, { source: 'override', plan: 'enterprise', until: instant(t, 300) })
    await everyGate(authorization, { plan: 'enterprise' }, PASSED)
    t.moveClock(300)
    await everyGate(authorization, { plan: 'enterprise' }, { problem: { plan: 'pro' } })
    t.moveClock(300)
    await everyGate(authorization, {}, { problem: { status: 401, code: 'unauthenticated' } })
  })
})

test('a session that is as old as sessions get is over, though its token is younger', async () => {
  const short = await startTestAppWith({ SESSION_DAYS: '1' })
  const gate = await openGate(short, { live: true, now: Date.now })
  const { refreshToken } = await registerVerified(short)
  short.moveClock(86_400 - 300)
  const { body } = await short.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
  const authorization = bearing(body.access_token)
  await expect.poll(() => gate.decide(authorization, {})).toMatchObject(PASSED)
  short.moveClock(300)
  await expect
    .poll(() => gate.decide(authorization, {}))
    .toMatchObject({ problem: { status: 401, code: 'session-expired' } })
})

test('keys are rotated while requests come, and nobody is turned away', async () => {
  const { email } = await registerVerified(t)
  const byToken = await openGate(t)
  const env = { DATABASE_URL: t.databaseUrl, PUBLIC_URL: t.app.config.publicUrl, SECRET }
  const kids = new Set<string>()
  let isRotated = false
  const rotating = frontgate(['keys', 'rotate', '--now'], env).finally(() => {
    isRotated = true
  })
  for (let after = 0; after < 3; ) {
    const { body } = await signIn(t, email)
    kids.add(String(JSON.parse(Buffer.from(body.access_token.split('.')[0], 'base64url').toString()).kid))
    for (const gate of [byToken, ...gates]) {
      expect(await gate.decide(bearing(body.access_token), {})).toMatchObject({ kind: 'passed' })
    }
    if (isRotated && kids.size > 1) after++
    // The service itself looks for new keys when half a minute has passed.
    if (isRotated && kids.size === 1) await t.access.tokens.publicKeys(t.app.now())
  }
  expect(await rotating).toMatchObject({ code: 0 })
})

test('where the key of the product is revoked, what is too old is asked for anew', async () => {
  const { id, key } = await productKey(t)
  const { accessToken, accountId } = await registerVerified(t)
  let off = 0
  const gate = await openGate(t, { live: true, productKey: key, now: () => Date.now() + off })
  expect(await gate.decide(bearing(accessToken), {})).toMatchObject(PASSED)
  await revokeProductKey(t, id)
  await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
  off += 60_000
  expect(await gate.decide(bearing(accessToken), { plan: 'team' })).toMatchObject(PASSED)
})

test('a process that has closed its gate ends', async () => {
  const { key } = await productKey(t)
  const { port } = t.fastify.server.address() as AddressInfo
  const program = `
    import { createGate } from '@frontgate/client/guards'
    const url = '${t.app.config.publicUrl}'
    const gate = createGate({
      url,
      productKey: '${key}',
      live: true,
      fetch: (input, init) => fetch(String(input).replace(url, 'http://127.0.0.1:${port}'), init),
    })
    await gate.ready()
    gate.close()
    console.log('closed')`
  const ended = await new Promise<{ error: Error | null; said: string }>((resolve) => {
    const cwd = new URL('../..', import.meta.url).pathname
    execFile(
      process.execPath,
      ['--input-type=module', '-e', program],
      { cwd, timeout: 20_000 },
      (error, said) => resolve({ error, said }),
    )
  })
  expect(ended).toEqual({ error: null, said: 'closed\n' })
})
