import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Snapshots } from '../../src/access/snapshots.ts'
import { type App, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { changed, inTx } from '../../src/db/transaction.ts'
import { type Person, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { testEnvironment } from '../support/testEnvironment.ts'
import { type ReplyGate, startReplyGate } from './replyGate.ts'

let t: TestApp
let gate: ReplyGate
let app: App
let snapshots: Snapshots
let reads: number
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
  gate = await startReplyGate(t.databaseUrl)
  app = openApp(readConfig({ ...testEnvironment, DATABASE_URL: gate.url, LOG_LEVEL: 'silent' }))
  app.pool.on('acquire', () => reads++)
})
afterAll(async () => {
  await app.close()
  await gate.stop()
  await t.close()
})

let person: Person
let sessionId: string
beforeEach(async () => {
  snapshots = new Snapshots(app.db, app.changes)
  person = await register(t)
  sessionId = String(decodeJwt(person.accessToken).sid)
  reads = 0
})

const nameNow = async () => (await snapshots.get(sessionId, null))?.user.name

/** Changes the user’s name as this process would, without asking through the gate. */
async function rename(name: string): Promise<void> {
  await inTx({ db: t.app.db, changes: app.changes }, async (tx) => {
    changed(tx, `user:${person.userId}`)
    await tx.updateTable('users').set({ name }).where('id', '=', person.userId).execute()
  })
}

test('many who ask at once are told by one read, and those who ask next by none', async () => {
  const told = await Promise.all(Array.from({ length: 50 }, () => snapshots.get(sessionId, null)))
  expect(new Set(told).size).toBe(1)
  expect(reads).toBe(1)
  expect(snapshots.get(sessionId, null)).toBe(told[0])
  expect(reads).toBe(1)
})

test('what this process has committed, its next read sees', async () => {
  for (let i = 0; i < 20; i++) {
    await rename(`No. ${i}`)
    expect(await nameNow()).toBe(`No. ${i}`)
  }
})

test.each(['user', 'session', 'account'] as const)(
  'a change of the %s voids what is remembered',
  async (kind) => {
    const ids = { user: person.userId, session: sessionId, account: person.accountId }
    const before = await snapshots.get(sessionId, null)
    await inTx({ db: t.app.db, changes: app.changes }, async (tx) => changed(tx, `${kind}:${ids[kind]}`))
    expect(await snapshots.get(sessionId, null)).not.toBe(before)
    expect(reads).toBe(2)
  },
)

test('a change of somebody else voids nothing', async () => {
  const before = await snapshots.get(sessionId, null)
  await inTx({ db: t.app.db, changes: app.changes }, async (tx) => changed(tx, `user:${sessionId}`))
  expect(await snapshots.get(sessionId, null)).toBe(before)
  expect(reads).toBe(1)
})

test('what was counted voids what is remembered for those who ask for usage, and for nobody else', async () => {
  const before = await snapshots.get(sessionId, null)
  app.changes.announce(new Set([`usage:${person.accountId}` as const]))
  expect(snapshots.get(sessionId, null)).toBe(before)
  expect(snapshots.remembered(sessionId, null, true)).toBeNull()
  expect(reads).toBe(1)
  const after = await snapshots.get(sessionId, null, true)
  expect(after).not.toBe(before)
  expect(snapshots.get(sessionId, null, true)).toBe(after)
  expect(snapshots.get(sessionId, null)).toBe(after)
  expect(reads).toBe(2)
})

test('a change that is rolled back voids nothing', async () => {
  const before = await snapshots.get(sessionId, null)
  await inTx({ db: t.app.db, changes: app.changes }, async (tx) => {
    changed(tx, `user:${person.userId}`)
    throw new Error('rolled back')
  }).catch(() => undefined)
  expect(await snapshots.get(sessionId, null)).toBe(before)
})

describe('a read that began before a commit and ends after it', () => {
  test('is told to nobody who asks after the commit, and is not remembered', async () => {
    await rename('before')
    gate.shut()
    const early = nameNow()
    await gate.answered()
    await rename('after')
    const late = nameNow()
    const lateToo = nameNow()
    gate.open()
    expect(['before', 'after']).toContain(await early)
    expect(await Promise.all([late, lateToo])).toEqual(['after', 'after'])
    expect(await nameNow()).toBe('after')
    // One read for who came early and one for all who came late.
    expect(reads).toBe(2)
  })
})

test('a read that takes longer than snapshots stay fresh is answered, not begun again and again', async () => {
  gate.shut()
  const began = performance.now()
  const asked = nameNow()
  await gate.answered()
  await expect.poll(() => performance.now() - began, { timeout: 10_000 }).toBeGreaterThan(1_000)
  gate.open()
  // Whatever is asked from here on gets no answer.
  gate.shut()
  expect(await asked).toBeNull()
  expect(reads).toBe(1)
  gate.open()
})

test('a session that is not there is asked for again', async () => {
  const stranger = '01900000-0000-7000-8000-000000000000'
  expect(await snapshots.get(stranger, null)).toBeNull()
  await t.app.pool.query('update sessions set id = $1 where id = $2', [stranger, sessionId])
  expect((await snapshots.get(stranger, null))?.user.id).toBe(person.userId)
})

test('a read that fails is not remembered', async () => {
  await t.app.pool.query('alter table members rename to hidden')
  const asked = await Promise.allSettled([snapshots.get(sessionId, null), snapshots.get(sessionId, null)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await t.app.pool.query('alter table hidden rename to members')
  expect(await nameNow()).toBeNull()
})

test('accounts of one session are told apart', async () => {
  const other = await register(t)
  const [own, foreign] = await Promise.all([
    snapshots.get(sessionId, person.accountId),
    snapshots.get(sessionId, other.accountId),
  ])
  expect(own).toMatchObject({ account: { id: person.accountId }, role: 'owner' })
  expect(foreign).toMatchObject({ account: { id: other.accountId }, role: null })
})
