import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Role, roles } from '../../src/http/actor.ts'
import { accept, invited, membersOf, newMember, seatsOf } from '../support/invites.ts'
import { changeRole, entering, joined, leave, putInto, removeMember, transfer } from '../support/members.ts'
import { newAddress, type Person, registerVerified } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const list = (as: string, query = '') => t.call('GET', `/v1/accounts/me/members?${query}`, { as })
const stateStatus = async (as: string) => (await t.call('GET', '/v1/billing/state', { as })).status
const accountsOf = async ({ accessToken: as }: Person) =>
  (await t.call('GET', '/v1/accounts', { as })).body.data
const refresh = async ({ refreshToken }: Person) =>
  (await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })).body
const previewCode = async (token: string) =>
  (await t.call('POST', '/v1/invites/preview', { body: { token } })).body.code
const subjectsTo = async ({ email }: Person) => (await t.mailsTo(email)).map(({ subject }) => subject)
const toldOf = async ({ userId }: Person, action: string) =>
  (await trailOf(t, userId)).filter((entry) => entry.action === action)

describe('listMembers', () => {
  test('200: who is in it, the newest first, page by page, for every member', async () => {
    const ada = await registerVerified(t, { name: 'Ada' })
    const joinedAt = [t.app.now().toISOString()]
    const others: Person[] = []
    for (const role of ['viewer', 'admin', 'member']) {
      t.moveClock(1)
      others.unshift(await joined(t, ada.accountId, role))
      joinedAt.unshift(t.app.now().toISOString())
    }
    const [member, admin, viewer] = others as [Person, Person, Person]
    const rowOf = ({ userId, email }: Person, role: Role, i: number) => ({
      user_id: userId,
      email,
      name: null,
      role,
      email_verified: false,
      joined_at: joinedAt[i],
    })
    const rows = [
      rowOf(member, 'member', 0),
      rowOf(admin, 'admin', 1),
      rowOf(viewer, 'viewer', 2),
      { ...rowOf(ada, 'owner', 3), name: 'Ada', email_verified: true },
    ]
    expect((await list(viewer.accessToken)).body).toEqual({ data: rows, next_cursor: null })
    const first = await list(viewer.accessToken, 'limit=3')
    expect(first.body.data).toEqual(rows.slice(0, 3))
    const rest = await list(viewer.accessToken, `limit=3&cursor=${first.body.next_cursor}`)
    expect(rest.body).toEqual({ data: rows.slice(3), next_cursor: null })
  })
})

describe('who may act on whom', () => {
  let account: string
  let target: Person
  const actors = {} as Record<Role, Person>
  beforeAll(async () => {
    const first = await registerVerified(t)
    account = first.accountId
    target = await registerVerified(t)
    for (const role of roles) actors[role] = await joined(t, account, role)
  })

  /** In words of its own: admins and owners reach up to their own role. */
  const reach: Record<Role, readonly Role[]> = {
    owner: roles,
    admin: ['admin', 'member', 'viewer'],
    member: [],
    viewer: [],
  }

  describe.each(roles)('%s', (own) => {
    test.each(roles)('on another %s', async (role) => {
      for (const becomes of [...roles, null]) {
        await putInto(t, account, target, role)
        const reply =
          becomes === null
            ? await removeMember(t, actors[own], target)
            : await changeRole(t, actors[own], target, becomes)
        const reaches = reach[own].includes(role) && (becomes === null || reach[own].includes(becomes))
        const now = (await membersOf(t, account))[target.userId]
        if (reaches) {
          expect(reply.status, `${becomes}`).toBe(becomes === null ? 204 : 200)
          if (becomes !== null) expect(reply.body).toMatchObject({ user_id: target.userId, role: becomes })
          expect(now).toBe(becomes ?? undefined)
        } else {
          expect([reply.status, reply.body.code], `${becomes}`).toEqual([403, 'forbidden'])
          expect(now).toBe(role)
        }
      }
    })

    test('on themselves', async () => {
      for (const becomes of roles) {
        const reply = await changeRole(t, actors[own], actors[own], becomes)
        expect(reply.status, becomes).toBe(reach[own].includes(becomes) ? 200 : 403)
        await putInto(t, account, actors[own], own)
        // Entering again voids what is remembered of the role that they had meanwhile.
        Object.assign(actors[own], await entering(t, actors[own], account))
      }
    })
  })

  test('403 says why', async () => {
    const detailOf = async (role: Role, becomes: Role) => {
      await putInto(t, account, target, role)
      return (await changeRole(t, actors.admin, target, becomes)).body.detail
    }
    expect(await detailOf('owner', 'member')).toBe(
      'Nobody changes or removes a member whose role is above their own; yours is admin.',
    )
    expect(await detailOf('member', 'owner')).toBe('Nobody gives a role above their own; yours is admin.')
  })
})

describe('changeRole', () => {
  test('200: it holds from the next request on, in the next token, and in the list of accounts', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await newMember(t, ada)
    const rename = (as: string) => t.call('PATCH', '/v1/accounts/me', { as, body: { name: 'Engines' } })
    expect((await rename(bob.accessToken)).status).toBe(403)
    expect((await changeRole(t, ada, bob, 'admin')).body).toMatchObject({ email: bob.email, role: 'admin' })
    expect((await rename(bob.accessToken)).status).toBe(200)
    const account = { id: ada.accountId, name: 'Engines', role: 'admin' }
    expect(await accountsOf(bob)).toEqual([account])
    const refreshed = await refresh(bob)
    expect(refreshed).toMatchObject({ account, accounts: [account] })
    expect(decodeJwt(refreshed.access_token)).toMatchObject({ account_id: ada.accountId, role: 'admin' })
  })

  test('200: in one account, and not in others', async () => {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    await accept(t, bob, (await invited(t, ada, bob.email, 'viewer')).token)
    await changeRole(t, ada, bob, 'member')
    const seen = Object.fromEntries(
      (await accountsOf(bob)).map(({ id, role }: { id: string; role: string }) => [id, role]),
    )
    expect(seen).toEqual({ [bob.accountId]: 'owner', [ada.accountId]: 'member' })
    // An id of one account opens nothing with a token of the other.
    expect((await changeRole(t, bob, ada, 'viewer')).status).toBe(404)
    const entered = { ...bob, ...(await entering(t, bob, ada.accountId)) }
    expect((await changeRole(t, entered, ada, 'viewer')).status).toBe(403)
  })

  test('200: the same role again changes nothing', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    for (let i = 0; i < 2; i++) expect((await changeRole(t, ada, bob, 'viewer')).status).toBe(200)
    expect(await toldOf(bob, 'member.role-changed')).toEqual([
      expect.objectContaining({
        actor_kind: 'user',
        actor_id: ada.userId,
        account_id: ada.accountId,
        ip: '127.0.0.1',
        details: { from: 'member', to: 'viewer' },
      }),
    ])
  })

  test('200: an admin who becomes a member may not invite any more, and what they sent holds no seat', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada, 'admin')
    const email = newAddress()
    const { id, token } = await invited(t, bob, email)
    await invited(t, ada, newAddress())
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 2 })
    await changeRole(t, ada, bob, 'member')
    expect(await seatsOf(t, ada)).toMatchObject({ used: 2, pending: 1 })
    expect(await previewCode(token)).toBe('token-canceled')
    expect(await toldOf(bob, 'invite.revoked')).toEqual([
      expect.objectContaining({
        actor_id: ada.userId,
        account_id: ada.accountId,
        details: { invites: [id], because: 'inviter-lowered' },
      }),
    ])
    await changeRole(t, ada, bob, 'admin')
    expect(await previewCode(token)).toBe('token-canceled')
    await invited(t, bob, email)
  })

  test('200: an owner who becomes an admin keeps the invites that an admin may send', async () => {
    const ada = await registerVerified(t)
    const bob = await joined(t, ada.accountId, 'owner', await registerVerified(t))
    const high = await invited(t, bob, newAddress(), 'owner')
    const low = await invited(t, bob, newAddress(), 'admin')
    await changeRole(t, ada, bob, 'admin')
    expect(await previewCode(high.token)).toBe('token-canceled')
    expect(await previewCode(low.token)).toBeUndefined()
  })

  test('409: the last owner, until there is another', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await newMember(t, ada, 'admin')
    const refused = await changeRole(t, ada, ada, 'admin')
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({
      code: 'last-owner',
      accounts: [{ id: ada.accountId, name: 'Engines' }],
    })
    await changeRole(t, ada, bob, 'owner')
    expect((await changeRole(t, ada, ada, 'admin')).status).toBe(200)
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'admin', [bob.userId]: 'owner' })
  })
})

describe('removeMember', () => {
  test('204: the account is closed to them at once, and the session goes on in one of their own', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await registerVerified(t)
    await accept(t, bob, (await invited(t, ada, bob.email, 'admin')).token)
    const inside = { ...bob, ...(await entering(t, bob, ada.accountId)) }
    expect(await stateStatus(inside.accessToken)).toBe(200)
    expect((await removeMember(t, ada, bob)).status).toBe(204)

    const calls = [
      ['GET', '/v1/billing/state'],
      ['POST', '/v1/billing/portal-session'],
      ['GET', '/v1/forward-auth'],
      ['GET', '/v1/accounts/me/members'],
    ] as const
    for (const [method, url] of calls) {
      const { status, body } = await t.call(method, url, { as: inside.accessToken })
      expect([status, body.code], url).toEqual([403, 'forbidden'])
    }
    const back = await t.call('POST', '/v1/auth/switch-account', {
      as: bob.accessToken,
      body: { account_id: ada.accountId },
    })
    expect(back.status).toBe(404)
    expect((await refresh(bob)).account.id).toBe(bob.accountId)
    expect((await accountsOf(bob)).map(({ id }: { id: string }) => id)).toEqual([bob.accountId])
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1 })
    expect((await removeMember(t, ada, bob)).status).toBe(404)
  })

  test('204: whoever was in no other account is in none, and may be invited again', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    await removeMember(t, ada, bob)
    const refreshed = await refresh(bob)
    expect(refreshed).toMatchObject({ user: { email: bob.email }, account: null, accounts: [] })
    expect(decodeJwt(refreshed.access_token)).toMatchObject({ account_id: null, role: null, ent: null })
    const { token } = await invited(t, ada, bob.email, 'viewer')
    expect((await accept(t, { ...bob, accessToken: refreshed.access_token }, token)).status).toBe(200)
    expect((await membersOf(t, ada.accountId))[bob.userId]).toBe('viewer')
  })

  test('204: they are told by mail, and the trail tells operators', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await newMember(t, ada)
    await removeMember(t, ada, bob)
    expect((await subjectsTo(bob))[0]).toBe('You are no longer a member of Engines on Frontgate')
    expect(await subjectsTo(ada)).toHaveLength(1)
    expect(await toldOf(bob, 'member.removed')).toEqual([
      expect.objectContaining({
        actor_id: ada.userId,
        account_id: ada.accountId,
        details: { role: 'member' },
      }),
    ])
  })

  test('204: what they have sent in this account is taken back, and nothing else', async () => {
    const [ada, eve] = [await registerVerified(t), await registerVerified(t)]
    const bob = await newMember(t, ada, 'admin')
    await putInto(t, eve.accountId, bob, 'admin')
    const here = await invited(t, bob, newAddress(), 'viewer')
    const elsewhere = await invited(t, { ...bob, ...(await entering(t, bob, eve.accountId)) }, newAddress())
    const hers = await invited(t, ada, newAddress())
    await removeMember(t, ada, bob)
    expect(await previewCode(here.token)).toBe('token-canceled')
    for (const { token } of [elsewhere, hers]) expect(await previewCode(token)).toBeUndefined()
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 1 })
    expect(await toldOf(bob, 'invite.revoked')).toEqual([
      expect.objectContaining({ details: { invites: [here.id], because: 'inviter-gone' } }),
    ])
  })

  test('204: an invite that is out for their own address lets them in no more', async () => {
    const [ada, bob] = [await registerVerified(t), await registerVerified(t)]
    const { token } = await invited(t, ada, bob.email)
    await putInto(t, ada.accountId, bob, 'member')
    await removeMember(t, ada, bob)
    expect((await accept(t, bob, token)).body.code).toBe('token-canceled')
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 0 })
  })

  test('204: of themselves is leaving', async () => {
    const ada = await registerVerified(t)
    const bob = await joined(t, ada.accountId, 'owner')
    expect((await removeMember(t, ada, { userId: ada.userId.toUpperCase() })).status).toBe(204)
    expect(await membersOf(t, ada.accountId)).toEqual({ [bob.userId]: 'owner' })
    expect(await toldOf(ada, 'member.left')).toHaveLength(1)
    expect(await subjectsTo(ada)).toHaveLength(1)
    const refused = await removeMember(t, bob, bob)
    expect([refused.status, refused.body.code]).toEqual([409, 'last-owner'])
  })

  test('403: whoever was lowered or taken out a moment ago acts on nobody', async () => {
    const ada = await registerVerified(t)
    const [bob, eve] = [await newMember(t, ada, 'admin'), await newMember(t, ada)]
    await changeRole(t, ada, bob, 'member')
    expect((await removeMember(t, bob, eve)).status).toBe(403)
    await removeMember(t, ada, bob)
    for (const reply of [await removeMember(t, bob, eve), await leave(t, bob)])
      expect([reply.status, reply.body.code]).toEqual([403, 'forbidden'])
  })

  test('404: whoever was deleted', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada)
    await t.call('DELETE', '/v1/me', { as: bob.accessToken, body: {} })
    expect((await removeMember(t, ada, bob)).status).toBe(404)
    expect((await list(ada.accessToken)).body.data).toHaveLength(1)
  })
})

describe('leaveAccount', () => {
  test.each(['admin', 'member', 'viewer'])('204: %s, without a mail', async (role) => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada, role)
    const mails = await subjectsTo(bob)
    expect((await leave(t, bob)).status).toBe(204)
    expect(await stateStatus(bob.accessToken)).toBe(403)
    expect(await accountsOf(bob)).toEqual([])
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'owner' })
    expect(await subjectsTo(bob)).toEqual(mails)
    expect(await toldOf(bob, 'member.left')).toEqual([
      expect.objectContaining({ account_id: ada.accountId, actor_id: bob.userId, details: { role } }),
    ])
  })

  test('204: what they have sent is taken back', async () => {
    const ada = await registerVerified(t)
    const bob = await newMember(t, ada, 'admin')
    const { token } = await invited(t, bob, newAddress())
    await leave(t, bob)
    expect(await previewCode(token)).toBe('token-canceled')
    expect(await seatsOf(t, ada)).toMatchObject({ used: 1, pending: 0 })
  })

  test('409: the last owner, alone or not, until there is another', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const accounts = [{ id: ada.accountId, name: 'Engines' }]
    expect((await leave(t, ada)).body).toMatchObject({ code: 'last-owner', accounts })
    const bob = await newMember(t, ada, 'admin')
    expect((await leave(t, ada)).body).toMatchObject({ code: 'last-owner', accounts })
    await transfer(t, ada, bob)
    expect((await leave(t, ada)).status).toBe(204)
    expect(await membersOf(t, ada.accountId)).toEqual({ [bob.userId]: 'owner' })
  })
})

describe('transferOwnership', () => {
  test('200: the other one owns it, the caller is an admin, and both know', async () => {
    const ada = await registerVerified(t, { account_name: 'Engines' })
    const bob = await newMember(t, ada, 'viewer')
    const hers = await invited(t, ada, newAddress(), 'owner')
    const reply = await transfer(t, ada, bob)
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ user_id: bob.userId, email: bob.email, role: 'owner' })
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'admin', [bob.userId]: 'owner' })
    const close = (as: string) =>
      t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: 'another name' } })
    expect([(await close(ada.accessToken)).status, (await close(bob.accessToken)).status]).toEqual([403, 422])
    expect((await refresh(ada)).account.role).toBe('admin')
    expect(await previewCode(hers.token)).toBe('token-canceled')
    expect((await subjectsTo(bob))[0]).toBe('You are an owner of Engines on Frontgate now')
    expect(await toldOf(bob, 'account.ownership-transferred')).toEqual([
      expect.objectContaining({
        actor_id: ada.userId,
        account_id: ada.accountId,
        details: { from: ada.userId, to: bob.userId, was: 'viewer' },
      }),
    ])
    expect((await transfer(t, ada, bob)).status).toBe(403)
  })

  test('200: to another owner, who is told nothing, it is stepping down', async () => {
    const ada = await registerVerified(t)
    const bob = await joined(t, ada.accountId, 'owner')
    const mails = await subjectsTo(bob)
    expect((await transfer(t, ada, bob)).body.role).toBe('owner')
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'admin', [bob.userId]: 'owner' })
    expect(await subjectsTo(bob)).toEqual(mails)
  })

  test('200: to themselves it changes nothing', async () => {
    const ada = await registerVerified(t)
    expect((await transfer(t, ada, ada)).body).toMatchObject({ user_id: ada.userId, role: 'owner' })
    expect(await membersOf(t, ada.accountId)).toEqual({ [ada.userId]: 'owner' })
    expect(await toldOf(ada, 'account.ownership-transferred')).toEqual([])
  })
})
