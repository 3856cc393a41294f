import Type from 'typebox'
import { RoleSchema } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { changeRole } from './changeRole.ts'
import { leaveAccount } from './leaveAccount.ts'
import { describeMember, listMembers } from './members.ts'
import { removeMember } from './removeMember.ts'
import { transferOwnership } from './transferOwnership.ts'

const MemberSchema = named(
  'Member',
  Type.Object({
    user_id: Uuid,
    email: Type.String(),
    name: Nullable(Type.String()),
    role: RoleSchema,
    email_verified: Type.Boolean(),
    has_second_factor: Type.Optional(Type.Boolean({ description: 'In lists, to admins and owners.' })),
    joined_at: Instant,
  }),
)

const MemberParams = Fields({ user_id: Uuid })

/** Who is in the current account, as what, and their coming and going. */
export function memberRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'listMembers',
      method: 'GET',
      url: '/v1/accounts/me/members',
      access: { member: 'viewer' },
      summary: 'Members of the current account, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(MemberSchema) },
    },
    async ({ caller, query }) => listMembers(app.db, caller.actor, query),
  )

  route(
    server,
    app,
    {
      operationId: 'changeRole',
      method: 'PATCH',
      url: '/v1/accounts/me/members/:user_id',
      access: { member: 'admin' },
      summary: 'Give a member another role, up to one’s own',
      params: MemberParams,
      body: Fields({ role: RoleSchema }),
      replies: { 200: MemberSchema },
      refusals: ['not-found', 'last-owner'],
    },
    async ({ caller, params, body, at }) => {
      const change = { userId: params.user_id, role: body.role }
      return describeMember(await inTx(app, (tx) => changeRole(tx, caller, change, at)))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'removeMember',
      method: 'DELETE',
      url: '/v1/accounts/me/members/:user_id',
      access: { member: 'admin' },
      summary: 'Take a member out of the current account; their tokens for it stop working',
      params: MemberParams,
      replies: { 204: null },
      refusals: ['not-found', 'last-owner'],
    },
    async ({ caller, params, at, reply }) => {
      await inTx(app, (tx) => removeMember(tx, caller, params.user_id, at))
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'leaveAccount',
      method: 'POST',
      url: '/v1/accounts/me/leave',
      access: { member: 'viewer', isUnproved: true },
      summary: 'Leave the current account; its last owner hands it over first',
      replies: { 204: null },
      refusals: ['last-owner'],
    },
    async ({ caller, at, reply }) => {
      await inTx(app, (tx) => leaveAccount(tx, caller, at))
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'transferOwnership',
      method: 'POST',
      url: '/v1/accounts/me/transfer-ownership',
      access: { member: 'owner' },
      summary: 'Make another member an owner in one’s own place, and be an admin from then on',
      body: Fields({ user_id: Uuid }),
      replies: { 200: MemberSchema },
      refusals: ['not-found'],
    },
    async ({ caller, body, at }) =>
      describeMember(await inTx(app, (tx) => transferOwnership(tx, caller, body.user_id, at))),
  )
}
