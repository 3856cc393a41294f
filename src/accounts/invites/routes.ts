import Type from 'typebox'
import { AccountRefSchema, RoleSchema } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { addressOf, Email, MailedTokenText } from '../../identity/fields.ts'
import type { ProblemCode } from '../../problems.ts'
import { acceptAsCaller } from './acceptInvite.ts'
import { describeInvite, getInvite, listInvites } from './invites.ts'
import { resendInvite } from './resendInvite.ts'
import { revokeInvite } from './revokeInvite.ts'
import { inviteStatuses } from './rules.ts'
import { sendInvite } from './sendInvite.ts'
import { type RowOutcome, sendInvites } from './sendInvites.ts'

const InviteSchema = named(
  'Invite',
  Type.Object({
    id: Uuid,
    email: Type.String(),
    role: RoleSchema,
    status: Type.Enum([...inviteStatuses]),
    invited_by: Type.String({ format: 'uuid', description: 'The user who sent it last.' }),
    created_at: Instant,
    expires_at: Instant,
    accepted_at: Nullable(Instant),
  }),
)

const outcomes: RowOutcome['kind'][] = [
  'invited',
  'renewed',
  'already-member',
  'invalid',
  'duplicate',
  'seat-limit-reached',
]

/** What is wrong in a row is said of the row, so here it may be missing, or any text that a body has room for. */
const TypedRow = Fields({
  email: Type.Optional(Nullable(Type.String())),
  role: Type.Optional(Nullable(Type.String())),
})

const InviteParams = Fields({ id: Uuid })
const whenSending: ProblemCode[] = [
  'email-verification-required',
  'already-member',
  'seat-limit-reached',
  'too-many-requests',
]
const whenLinkIsVoid: ProblemCode[] = [
  'token-unknown',
  'token-expired',
  'token-used',
  'token-superseded',
  'token-canceled',
]

/** What accepting is refused with, in whatever operation. */
export const whenAccepting: ProblemCode[] = [
  ...whenLinkIsVoid,
  'invite-for-another-address',
  'seat-limit-reached',
]

/** Inviting people to an account, and what they do with the link. */
export function inviteRoutes(server: Server, app: App): void {
  sendingRoutes(server, app)
  linkRoutes(server, app)
}

function sendingRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'listInvites',
      method: 'GET',
      url: '/v1/accounts/me/invites',
      access: { member: 'admin' },
      summary: 'Invites to the current account, also those that are over',
      query: Fields(PageQuery),
      replies: { 200: pageOf(InviteSchema) },
    },
    async ({ caller, query, at }) => listInvites(app.db, caller.actor.accountId, query, at),
  )

  route(
    server,
    app,
    {
      operationId: 'sendInvite',
      method: 'POST',
      url: '/v1/accounts/me/invites',
      access: { member: 'admin' },
      summary: 'Invite somebody to the current account; an invite that is out is renewed',
      body: Fields({ email: Email, role: RoleSchema }),
      replies: { 201: InviteSchema },
      refusals: whenSending,
    },
    async ({ caller, body, at, reply }) => {
      const offer = { email: addressOf(body.email), role: body.role }
      const invite = await sendInvite(app, caller, offer, at)
      return reply.code(201).send(describeInvite(invite, at))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'sendInvites',
      method: 'POST',
      url: '/v1/accounts/me/invites/bulk',
      access: { member: 'admin' },
      summary: 'Invite many people to the current account, each row judged for itself; safe to repeat',
      body: Fields({ invites: Type.Array(TypedRow, { minItems: 1, maxItems: 100 }) }),
      replies: {
        200: Type.Object({
          results: Type.Array(
            Type.Object({
              email: Type.String({ description: 'As it was sent; empty for none.' }),
              outcome: Type.Enum(outcomes),
              detail: Type.Optional(Type.String()),
              invite: Type.Optional(InviteSchema),
            }),
            { description: 'In the order of the rows.' },
          ),
        }),
      },
      refusals: ['email-verification-required', 'too-many-requests'],
    },
    async ({ caller, body, at }) => {
      const sent = await sendInvites(app, caller, body.invites, at)
      return { results: sent.map((outcome, i) => describeOutcome(body.invites[i], outcome, at)) }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'resendInvite',
      method: 'POST',
      url: '/v1/accounts/me/invites/:id/resend',
      access: { member: 'admin' },
      summary: 'Mail an invite again, with a new link; the earlier one stops working',
      params: InviteParams,
      replies: { 200: InviteSchema },
      refusals: ['not-found', 'invite-already-accepted', 'token-canceled', ...whenSending],
    },
    async ({ caller, params, at }) => {
      const invite = await resendInvite(app, caller, params.id, at)
      return describeInvite(invite, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'revokeInvite',
      method: 'DELETE',
      url: '/v1/accounts/me/invites/:id',
      access: { member: 'admin' },
      summary: 'Take an invite back, which frees its seat',
      params: InviteParams,
      replies: { 204: null },
      refusals: ['not-found', 'invite-already-accepted'],
    },
    async ({ caller, params, at, reply }) => {
      await inTx(app, (tx) => revokeInvite(tx, caller, params.id, at))
      return reply.code(204).send()
    },
  )
}

function describeOutcome(
  row: { email?: string | null } | undefined,
  { kind, ...rest }: RowOutcome,
  at: Date,
) {
  return {
    email: row?.email ?? '',
    outcome: kind,
    ...('detail' in rest && { detail: rest.detail }),
    ...('invite' in rest && { invite: describeInvite(rest.invite, at) }),
  }
}

function linkRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'previewInvite',
      method: 'POST',
      url: '/v1/invites/preview',
      access: 'anyone',
      summary: 'What the link of an invite offers, without using it',
      body: Fields({ token: MailedTokenText }),
      replies: {
        200: Type.Object({
          account_name: Type.String(),
          role: RoleSchema,
          email: Type.String(),
          invited_by: Nullable(Type.String({ description: 'The name of whoever sent it.' })),
          expires_at: Instant,
        }),
      },
      refusals: whenLinkIsVoid,
    },
    async ({ body, at }) => {
      const { accountName, role, email, inviterName, expiresAt } = await getInvite(app.db, body.token, at)
      return {
        account_name: accountName,
        role,
        email,
        invited_by: inviterName,
        expires_at: expiresAt.toISOString(),
      }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'acceptInvite',
      method: 'POST',
      url: '/v1/invites/accept',
      access: 'user',
      summary:
        'Join the account that the user was invited to; switch to it with POST /v1/auth/switch-account',
      body: Fields({ token: MailedTokenText }),
      replies: { 200: Type.Object({ account: AccountRefSchema }) },
      refusals: whenAccepting,
    },
    async ({ caller, body, at }) => ({
      account: await inTx(app, (tx) => acceptAsCaller(tx, app, caller, body.token, at)),
    }),
  )
}
