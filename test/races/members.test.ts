import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accept, invited, membersOf, newMember, seatsOf, sendInvite } from '../support/invites.ts'
import { changeRole, joined, leave, removeMember, transfer } from '../support/members.ts'
import { newAddress, type Person, register, registerVerified } from '../support/people.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'

const ROUNDS = 3

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp()
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

const outcomeOf = ({ status, body }: TestReply) => `${status} ${body?.code ?? ''}`.trim()
const rolesOf = async (accountId: string) => Object.values(await membersOf(t, accountId)).sort()
const deleteMe = (app: TestApp, { accessToken: as }: Person) => app.call('DELETE', '/v1/me', { as, body: {} })

type Move = (app: TestApp, own: Person, other: Person) => Promise<TestReply>

/** What one of two owners does, with the other one in mind. */
const moves: Record<string, Move> = {
  leave: (app, own) => leave(app, own),
  'step down': (app, own) => changeRole(app, own, own, 'admin'),
  'lower the other': (app, own, other) => changeRole(app, own, other, 'viewer'),
  'remove the other': (app, own, other) => removeMember(app, own, other),
  'hand over': (app, own, other) => transfer(app, own, other),
  'delete themselves': (app, own) => deleteMe(app, own),
}
const names = Object.keys(moves)
const pairs = names.flatMap((first, i) => names.slice(i).map((second) => [first, second] as const))

describe('two owners at once leave one at least, and nobody waits for the other for ever', () => {
  test.each(pairs)('%s, %s', async (first, second) => {
    const ada = await register(t)
    const bob = await joined(t, ada.accountId, 'owner')
    await joined(t, ada.accountId, 'member')
    const replies = await Promise.all([moves[first]?.(t, ada, bob), moves[second]?.(replica, bob, ada)])
    const roles = await rolesOf(ada.accountId)
    expect(roles).toContain('owner')
    for (const reply of replies) {
      // Done; or told that they are the last one, or that they or the other one are not what they were.
      expect(['200', '204', '403 forbidden', '404 not-found', '409 last-owner']).toContain(
        reply && outcomeOf(reply),
      )
    }
    expect(replies.some((reply) => reply && reply.status < 300)).toBe(true)
  })
})

test('two owners who leave at once: one leaves', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await register(t)
    const bob = await joined(t, ada.accountId, 'owner')
    const replies = await Promise.all([leave(t, ada), leave(replica, bob)])
    expect(replies.map(outcomeOf).sort()).toEqual(['204', '409 last-owner'])
    expect(await rolesOf(ada.accountId)).toEqual(['owner'])
  }
})

test('three owners who lower each other in a circle keep an owner', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await register(t)
    const bob = await joined(t, ada.accountId, 'owner')
    const eve = await joined(t, ada.accountId, 'owner')
    await Promise.all([
      changeRole(t, ada, bob, 'member'),
      changeRole(replica, bob, eve, 'member'),
      changeRole(t, eve, ada, 'member'),
    ])
    expect(await rolesOf(ada.accountId)).toContain('owner')
  }
})

test('removed many times at once, a member is removed once', async () => {
  const ada = await registerVerified(t)
  const bob = await newMember(t, ada)
  const replies = await Promise.all(
    Array.from({ length: 8 }, (_, i) => removeMember(i % 2 ? t : replica, ada, bob)),
  )
  expect(replies.map(outcomeOf).sort()).toEqual(['204', ...Array(7).fill('404 not-found')])
  const trail = await t.app.db
    .selectFrom('audit_log')
    .select('id')
    .where('action', '=', 'member.removed')
    .where('user_id', '=', bob.userId)
    .execute()
  expect(trail).toHaveLength(1)
})

test('removed while they accept an invite to a higher role, somebody is out in the end', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    const { token } = await invited(t, ada, bob.email, 'admin')
    await t.app.db
      .insertInto('members')
      .values({ account_id: ada.accountId, user_id: bob.userId, role: 'viewer', created_at: t.app.now() })
      .execute()
    const [accepted, removed] = await Promise.all([accept(t, bob, token), removeMember(replica, ada, bob)])
    expect(['200', '410 token-canceled']).toContain(outcomeOf(accepted))
    expect(removed.status).toBe(204)
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'owner' })
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 0 })
  }
})

test('removed while they invite, and while somebody accepts what they sent, an admin lets nobody in any more', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ada = await registerVerified(t)
    const [admin, bob] = [await newMember(t, ada, 'admin'), await registerVerified(t)]
    const { token } = await invited(t, admin, bob.email)
    const [removed, sent, accepted] = await Promise.all([
      removeMember(t, ada, admin),
      sendInvite(replica, admin, newAddress()),
      accept(replica, bob, token),
    ])
    expect(removed.status).toBe(204)
    expect(['201', '403 forbidden']).toContain(outcomeOf(sent))
    expect(['200', '410 token-canceled']).toContain(outcomeOf(accepted))
    const seats = { used: accepted.status === 200 ? 2 : 1, pending: 0 }
    expect(await seatsOf(t, ada)).toMatchObject(seats)
  }
})
