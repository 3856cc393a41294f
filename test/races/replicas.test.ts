import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ChangeStream, listen, openTransaction } from '../support/changeStream.ts'
import { newMember } from '../support/invites.ts'
import { removeMember } from '../support/members.ts'
import { type Person, register, registerVerified } from '../support/people.ts'
import { productKey, revokeProductKey } from '../support/productKeys.ts'
import { type Replica, startReplica } from '../support/replica.ts'
import { endGrant, giveGrant, setOverride } from '../support/staff.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
let other: Replica
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())
beforeEach(async () => {
  other = await startReplica(t)
})

const PRO = '/v1/forward-auth?require=plan:pro'
const asked = async ({ accessToken }: Person, url = PRO) => (await other.get(url, accessToken)).status

/** What another process does, and how the replica answers from then on; each returns whom it is about. */
const acts: [
  string,
  () => Promise<{ person: Person; subject: string; act: () => Promise<unknown> }>,
  number,
][] = [
  [
    'a session that was revoked',
    async () => {
      const person = await register(t)
      const act = () => t.call('POST', '/v1/auth/logout-all', { as: person.accessToken })
      return { person, subject: `user:${person.userId}`, act }
    },
    401,
  ],
  [
    'a member who was removed',
    async () => {
      const owner = await registerVerified(t)
      const person = await newMember(t, owner)
      return { person, subject: `user:${person.userId}`, act: () => removeMember(t, owner, person) }
    },
    403,
  ],
  [
    'a plan that was taken away',
    async () => {
      const person = await register(t)
      const { rows } = await t.app.pool.query('select id from grants where account_id = $1', [
        person.accountId,
      ])
      return { person, subject: `account:${person.accountId}`, act: () => endGrant(t, rows[0].id) }
    },
    402,
  ],
]

/** Waits until the replica has seen all that was committed before. */
async function caughtUp(): Promise<void> {
  const since = performance.now()
  await new Promise<void>((resolve) => {
    const leave = other.app.changeTail.follow(({ began }) => {
      if (began < since) return
      leave()
      resolve()
    })
    other.app.changeTail.lookSoon()
  })
}

/** Settles when the replica has been told of a subject, from now on. */
function announced(subject: string): Promise<void> {
  return new Promise((resolve) => {
    other.app.changes.listen((changed) => {
      if (changed !== 'everything' && changed.has(subject as 'catalogue')) resolve()
    })
  })
}

describe('another replica', () => {
  test.for(acts)('refuses %s as soon as it has been told', async ([, prepare, status], { expect }) => {
    const { person, subject, act } = await prepare()
    await caughtUp()
    const told = announced(subject)
    expect(await asked(person)).toBe(200)
    await act()
    await told
    expect(await asked(person)).toBe(status)
  })

  test.for(acts)(
    'refuses %s also after it has lost its connections',
    async ([, prepare, status], { expect }) => {
      const { person, subject, act } = await prepare()
      await caughtUp()
      expect(await asked(person)).toBe(200)
      const told = announced(subject)
      await hangUp()
      expect(await asked(person)).toBe(200)
      await act()
      await told
      expect(await asked(person)).toBe(status)
      // It listens again, by itself.
      await expect.poll(listeners).toBe(2)
    },
  )

  test('sees what was switched for an account, and a product key that was revoked', async () => {
    const person = await register(t)
    const { id, key } = await productKey(t)
    const url = `/v1/entitlements?account_id=${person.accountId}`
    expect((await other.get(url, key)).body.features.flowpilot).toBe(true)
    await caughtUp()
    const [switched, revoked] = [announced(`account:${person.accountId}`), announced(`product-key:${id}`)]
    await setOverride(t, person.accountId, 'features/flowpilot', false)
    await switched
    expect((await other.get(url, key)).body.features.flowpilot).toBe(false)
    await revokeProductKey(t, id)
    await revoked
    expect((await other.get(url, key)).status).toBe(401)
  })
})

describe('a stream that breaks', () => {
  test('goes on at another replica and misses nothing, not even what began before and ended after', async () => {
    const { key } = await productKey(t)
    const [here, there] = [await listen(other.fastify), await originOf()]
    const [first, second] = [await register(t), await register(t)]
    const slow = await openTransaction(t, 'account:slow')
    const before = await ChangeStream.open(here, key)
    await before.marked()
    const grant = (person: Person) =>
      giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    await grant(first)
    await before.named(`account:${first.accountId}`)
    before.close()
    await grant(second)
    await slow.commit()
    const after = await ChangeStream.open(there, key, before.lastEventId)
    await Promise.all([after.named('account:slow'), after.named(`account:${second.accountId}`)])
    expect(after.told.map(({ event }) => event)).not.toContain('reset')
  })

  test('hears all that many commit at once while it comes and goes', async () => {
    const { key } = await productKey(t)
    const origins = [await listen(other.fastify), await originOf()]
    const people = await Promise.all(Array.from({ length: 20 }, () => register(t)))
    const heard = new Set<string>()
    let cursor: string | undefined
    const all = Promise.all(
      people.map(({ accountId }) => giveGrant(t, accountId, { source: 'complimentary', plan: 'team' })),
    )
    const wanted = people.map(({ accountId }) => `account:${accountId}`)
    for (let round = 0; round < 200 && !wanted.every((subject) => heard.has(subject)); round++) {
      const stream = await ChangeStream.open(String(origins[round % 2]), key, cursor)
      await stream.marked()
      stream.close()
      for (const { data } of stream.told) for (const subject of data.subjects ?? []) heard.add(subject)
      cursor = stream.lastEventId
    }
    await all
    expect(wanted.filter((subject) => !heard.has(subject))).toEqual([])
  })
})

/** Where the first process listens since an earlier test, or from now on. */
async function originOf(): Promise<string> {
  const address = t.fastify.server.address()
  return address && typeof address === 'object' ? `http://127.0.0.1:${address.port}` : listen(t.fastify)
}

async function listeners(): Promise<number> {
  const { rows } = await t.app.pool.query(`
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'frontgate changes'`)
  return rows[0].count
}

/** Breaks the connections on which processes are told of commits, as a failover or a pooler would. */
async function hangUp(): Promise<void> {
  await expect.poll(listeners).toBe(2)
  await t.app.pool.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'frontgate changes'`)
}
