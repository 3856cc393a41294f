import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ChangeStreams } from '../../src/access/live/changeStreams.ts'
import { forgetChanges } from '../../src/db/forgetChanges.ts'
import { readCursor, writeCursor } from '../../src/db/positions.ts'
import type { Changed } from '../../src/db/transaction.ts'
import { Unavailable } from '../../src/db/unavailable.ts'
import { TcpProxy } from '../db/tcpProxy.ts'
import { ChangeStream, listen, openTransaction } from '../support/changeStream.ts'
import { somebodyWaits } from '../support/locks.ts'
import { register } from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { startReplica } from '../support/replica.ts'
import { DAY_SECONDS, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppAs, type TestApp } from '../support/testApp.ts'

let t: TestApp
let origin: string
let key: string
beforeAll(async () => {
  t = await startTestApp()
  origin = await listen(t.fastify)
  key = (await productKey(t)).key
})
afterAll(() => t.close())

const follow = (lastEventId?: string, as = key) => ChangeStream.open(origin, as, lastEventId)
const subjectsOf = ({ told }: ChangeStream) => told.flatMap(({ data }) => data.subjects ?? [])

async function changeOf(accountId: string): Promise<string> {
  await giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })
  return `account:${accountId}`
}

/** Has whoever reads a product key wait. */
async function lockKeys(): Promise<{ unlock: () => Promise<void> }> {
  const session = await t.app.pool.connect()
  await session.query('begin; lock table product_keys')
  return {
    async unlock() {
      await session.query('rollback')
      session.release()
    },
  }
}

async function streamsCounted(): Promise<[open: number, recorded: number]> {
  const { text } = await t.call('GET', '/metrics')
  const valueIn = (line: RegExp) => Number(line.exec(text)?.[1] ?? 0)
  return [
    valueIn(/^frontgate_change_streams (\d+)/m),
    valueIn(/^frontgate_request_seconds_count\{operation="followChanges",status="200"\} (\d+)/m),
  ]
}

describe('a product that follows', () => {
  test('is marked at once, and told of what changes as it is committed', async () => {
    const { accountId } = await register(t)
    const stream = await follow()
    expect(stream.status).toBe(200)
    expect(Object.fromEntries(stream.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect((await stream.marked()).data).toEqual({ at: instant(t) })
    const told = await stream.named(await changeOf(accountId))
    expect(told.data.at).toBe(instant(t))
    expect(readCursor(told.id)).not.toBeNull()
  })

  test('hears the time as soon as the clock is moved', async () => {
    const stream = await follow()
    await stream.marked()
    t.moveClock(3600)
    await stream.next(({ event, data }) => event === 'mark' && data.at === instant(t))
  })

  test('hears nothing of product keys', async () => {
    const stream = await follow()
    await stream.marked()
    await revokeProductKey(t, (await productKey(t)).id)
    await stream.named(await changeOf((await register(t)).accountId))
    expect(subjectsOf(stream).filter((subject) => subject.startsWith('product-key'))).toEqual([])
  })

  test('is let go when its key is revoked, and when its key ends', async () => {
    const revoked = await productKey(t)
    const ending = await productKey(t, ['entitlements:read'], { expires_at: instant(t, 60) })
    const streams = await Promise.all([revoked, ending].map((one) => follow(undefined, one.key)))
    await Promise.all(streams.map((stream) => stream.marked()))
    await revokeProductKey(t, revoked.id)
    await streams[0]?.ended
    t.moveClock(61)
    await streams[1]?.ended
    for (const { key: as } of [revoked, ending]) expect((await follow(undefined, as)).status).toBe(401)
  })

  test('is counted while it is there, and recorded once, whoever ends it', async () => {
    const revoked = await productKey(t)
    await expect.poll(streamsCounted).toEqual([0, expect.any(Number)])
    const [, before] = await streamsCounted()
    const streams = await Promise.all([key, revoked.key].map((as) => follow(undefined, as)))
    expect(await streamsCounted()).toEqual([2, before])
    streams[0]?.close()
    await revokeProductKey(t, revoked.id)
    await expect.poll(streamsCounted).toEqual([0, before + 2])
  })

  test('is not counted for ever when it leaves while its key is read', async () => {
    const { key: as } = await productKey(t)
    await expect.poll(async () => (await streamsCounted())[0]).toBe(0)
    const keys = await lockKeys()
    const noticed = once(t.fastify.server, 'connection').then(([socket]) => once(socket, 'close'))
    const leaving = connect(Number(new URL(origin).port), '127.0.0.1')
    leaving.write(`GET /v1/changes HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer ${as}\r\n\r\n`)
    await somebodyWaits(t)
    leaving.destroy()
    await noticed
    await keys.unlock()
    const next = await follow(undefined, as)
    await next.marked()
    next.close()
    await expect.poll(async () => (await streamsCounted())[0]).toBe(0)
    expect(t.logged.filter((line) => line.includes('TypeError'))).toEqual([])
  })

  test('429: has a hundred streams at most by one key, and another one once one has ended', async () => {
    const { key: as } = await productKey(t)
    const streams = await Promise.all(Array.from({ length: 100 }, () => follow(undefined, as)))
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]))
    const refused = await t.call('GET', '/v1/changes', { as })
    expect(refused).toMatchObject({ status: 429, body: { code: 'too-many-requests' } })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await follow()).status).toBe(200)
    streams[0]?.close()
    await expect.poll(async () => (await follow(undefined, as)).status).toBe(200)
  })
})

describe('resumed with Last-Event-ID', () => {
  test('it is told what it missed, and nothing of what it had been told', async () => {
    const [early, late] = [await register(t), await register(t)]
    const before = await follow()
    await before.marked()
    await before.named(await changeOf(early.accountId))
    before.close()
    const subject = await changeOf(late.accountId)
    const after = await follow(before.lastEventId)
    expect((await after.named(subject)).id).not.toBe('')
    expect(subjectsOf(after)).not.toContain(`account:${early.accountId}`)
  })

  test('it misses nothing of a transaction that began before its cursor and was committed after it', async () => {
    const later = await register(t)
    const early = await openTransaction(t, 'account:early')
    const before = await follow()
    await before.marked()
    await before.named(await changeOf(later.accountId))
    await before.marked(before.told.length)
    before.close()
    await early.commit()
    const after = await follow(before.lastEventId)
    await after.named('account:early')
    expect(subjectsOf(after)).not.toContain(`account:${later.accountId}`)
  })

  test('a transaction that ends while it follows is told once, however many began and ended meanwhile', async () => {
    const stream = await follow()
    await stream.marked()
    const slow = await openTransaction(t, 'account:slow')
    await stream.named(await changeOf((await register(t)).accountId))
    await slow.commit()
    await stream.named('account:slow')
    await stream.named(await changeOf((await register(t)).accountId))
    expect(subjectsOf(stream).filter((subject) => subject === 'account:slow')).toHaveLength(1)
  })

  test('it is told to forget everything where the cursor says too little', async () => {
    const known = await follow()
    const position = readCursor((await known.marked()).id)
    if (!position) throw new Error('A mark has no cursor')
    const odd = [
      'x',
      '',
      // Another database, the same one as another server has it, such as a standby that was promoted, and another table.
      ...position.origin.split('-').map((_, differs, all) => {
        const origin = all.map((id, i) => (i === differs ? BigInt(id) + 1n : id)).join('-')
        return writeCursor({ ...position, origin })
      }),
      writeCursor({ ...position, next: position.next + 1_000_000_000n }),
      writeCursor({ ...position, at: position.at - DAY_SECONDS * 1000 }),
    ]
    for (const cursor of odd) {
      const stream = await follow(cursor)
      const reset = await stream.next(({ event }) => event !== 'mark')
      expect(reset).toMatchObject({ event: 'reset', data: {} })
      // From there on it misses nothing again.
      const again = await follow(reset.id)
      await again.marked()
      expect(again.told.map(({ event }) => event)).not.toContain('reset')
    }
  })

  test('it is told to forget everything after more than anybody wants to hear one by one', async () => {
    const stream = await follow()
    const { id } = await stream.marked()
    stream.close()
    await t.app.pool.query(
      `insert into changes (subjects) select array_agg('account:' || n) from generate_series(1, 2001) n`,
    )
    const resumed = await follow(id)
    expect(await resumed.next(({ event }) => event !== 'mark')).toMatchObject({ event: 'reset' })
  })
})

describe('a restored dump', () => {
  test('lets everybody go, also who was still catching up: what it says of their key is not told one by one', async () => {
    const caughtUp = Promise.withResolvers<void>()
    const streams = new ChangeStreams(t.app)
    const fastify = Fastify()
    onTestFinished(() => fastify.close())
    const actor = { kind: 'product-key', keyId: randomUUID(), scopes: [], expiresAt: null } as const
    fastify.get('/v1/changes', (request, reply) =>
      streams.open(actor, request, reply, () => caughtUp.promise),
    )
    const following = ChangeStream.open(await listen(fastify), key)
    await expect.poll(async () => (await streamsCounted())[0]).toBe(1)
    const seen = (isIt: (changed: Changed) => boolean) =>
      new Promise<void>((resolve) => {
        t.app.changeTail.follow(({ changed }) => isIt(changed) && resolve())
      })
    const isChanged = seen((changed) => changed !== 'everything' && changed.has('account:before'))
    await t.app.pool.query(`insert into changes (subjects) values ('{account:before}')`)
    await isChanged
    const isAllNew = seen((changed) => changed === 'everything')
    await t.app.pool.query(`
      create table restored (like changes including all);
      drop table changes;
      alter table restored rename to changes`)
    await isAllNew
    caughtUp.resolve()
    const stream = await following
    await stream.ended
    expect(stream.told.map(({ event }) => event)).toEqual(['reset'])
  })

  test('has rows from beyond: they are in nobody’s way, and are forgotten like old ones', async () => {
    const { accountId } = await register(t)
    const stream = await follow()
    await stream.marked()
    await t.app.pool.query(`
      insert into changes (xid, at, subjects)
      select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + n)::text::xid8, clock_timestamp(), array['account:restored']
      from generate_series(1, 5000) n
      union all select '900000000000', clock_timestamp() - interval '25 hours', array['account:beyond']`)
    const subject = await changeOf(accountId)
    await stream.named(subject)
    expect(subjectsOf(stream)).not.toContain('account:beyond')
    await t.app.pool.query(`
      insert into changes (xid, at, subjects) values ('3', clock_timestamp() - interval '25 hours', '{account:old}')`)
    await t.sweep()
    const { rows } = await t.app.pool.query(
      `select distinct name from changes, unnest(subjects) name where name in ('account:beyond', 'account:old', $1)`,
      [subject],
    )
    expect(rows).toEqual([{ name: subject }])
  })

  test('takes nothing along that is committed under an id of one of its rows while they are forgotten', async () => {
    const live = await openTransaction(t, 'account:live', { restored: true })
    const forgetting = forgetChanges(t.app)
    await somebodyWaits(t)
    await live.commit()
    await forgetting
    const { rows } = await t.app.pool.query(`select from changes where 'account:live' = any(subjects)`)
    expect(rows).toHaveLength(1)
  })
})

describe('a process', () => {
  // A look that comes between a commit and its answer tells of it once more.
  test('hears once of what it commits itself, and of what another one does, of the same account too', {
    retry: 2,
  }, async () => {
    const [own, both] = [await register(t), await register(t)]
    const stream = await follow()
    await stream.marked()
    const heard: string[] = []
    t.app.changes.listen((changed) => heard.push(...changed))
    const subjects = [await changeOf(own.accountId), await changeOf(both.accountId)]
    const others = await openTransaction(t, `account:${both.accountId}`)
    await others.commit()
    t.app.changeTail.lookSoon()
    const last = await changeOf((await register(t)).accountId)
    await stream.named(last)
    expect(subjects.map((subject) => heard.filter((name) => name === subject).length)).toEqual([1, 2])
  })

  test('that stops lets everybody go at once', async () => {
    const replica = await startReplica(t)
    const stream = await ChangeStream.open(await listen(replica.fastify), key)
    await stream.marked()
    await Promise.all([replica.fastify.close(), stream.ended])
  })

  test('that cannot read its database marks nothing, and misses nothing', async () => {
    const { accountId } = await register(t)
    const proxy = await TcpProxy.start(t.databaseUrl)
    const replica = await startReplica(t, { DATABASE_URL: proxy.url })
    const stream = await ChangeStream.open(await listen(replica.fastify), key)
    await stream.marked()
    await proxy.cut()
    await expect.poll(() => t.logged.join('')).toContain('what other processes change is not seen')
    const before = stream.told.length
    // A service that went by its clock alone would say so right away.
    t.moveClock(3600)
    const subject = await changeOf(accountId)
    await proxy.restore()
    await stream.named(subject)
    expect(stream.told.slice(before).map(({ event }) => event)[0]).toBe('changes')
    await proxy.stop()
  })
})

test('what was missed is asked for again later while the database is away', async () => {
  const proxy = await TcpProxy.start(t.databaseUrl)
  const away = await startTestAppAs(proxy.url, {}, { work: false })
  await proxy.cut()
  await expect(away.app.changeTail.since(null)).rejects.toThrow(Unavailable)
  await proxy.restore()
  await expect
    .poll(() =>
      away.app.changeTail.since(null).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  await away.close()
  await proxy.stop()
})
