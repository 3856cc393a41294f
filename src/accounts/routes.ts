import Type from 'typebox'
import { type Access, securityUrlOf } from '../access/access.ts'
import type { Snapshot } from '../access/snapshot.ts'
import {
  AccountRefSchema,
  clearSessionCookie,
  RoleSchema,
  TokenDelivery,
  TokensSchema,
} from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import type { MemberActor } from '../http/actor.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { addressOf, DisplayName, Email, MailedTokenText, Password } from '../identity/fields.ts'
import { replyWithSession } from '../identity/replyWithSession.ts'
import { accountLimits } from '../identity/throttles.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { listAccounts } from './accounts.ts'
import { closeAccount } from './closeAccount.ts'
import { createAnotherAccount } from './createAccount.ts'
import { deleteUser } from './deleteUser.ts'
import { reopenAccount } from './deletion/reopenAccount.ts'
import { disownRegistration } from './disownRegistration.ts'
import { inviteRoutes, whenAccepting } from './invites/routes.ts'
import { memberRoutes } from './members/routes.ts'
import { oauthRoutes } from './oauth/routes.ts'
import { onboardingRoutes } from './onboarding/routes.ts'
import { register } from './register.ts'
import { renameAccount } from './renameAccount.ts'
import { requireSecondFactor } from './requireSecondFactor.ts'
import { bucketOfVisitor } from './selfServe/visitors.ts'

const AccountSchema = named(
  'Account',
  Type.Object({
    id: Uuid,
    name: Type.String(),
    role: RoleSchema,
    created_at: Instant,
    requires_second_factor: Type.Boolean({
      description: 'Members do nothing in it before a second factor has proved their session, but leave.',
    }),
  }),
)

const ListedAccountSchema = named(
  'ListedAccount',
  Type.Object({
    id: Uuid,
    name: Type.String(),
    role: RoleSchema,
    closed_at: Type.Optional(Instant),
    purge_due_at: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Until when it can be reopened: what is not kept of it is purged from then on.',
      }),
    ),
  }),
)

/** Registration by password and by provider, and the accounts that users are members of. */
export function accountRoutes(server: Server, app: App, access: Access): void {
  registrationRoutes(server, app, access)
  currentAccountRoutes(server, app, access)
  memberRoutes(server, app)
  onboardingRoutes(server, app, access)
  inviteRoutes(server, app)
  oauthRoutes(server, app, access)
}

function registrationRoutes(server: Server, app: App, access: Access): void {
  const { config } = app
  route(
    server,
    app,
    {
      operationId: 'register',
      method: 'POST',
      url: '/v1/auth/register',
      access: 'anyone',
      summary: 'Become a user with an account and a trial, or with an invite in the account that it is for',
      body: Fields({
        email: Email,
        password: Password,
        name: Type.Optional(DisplayName),
        account_name: Type.Optional(DisplayName),
        invite_token: Type.Optional(MailedTokenText),
        token_delivery: TokenDelivery,
      }),
      replies: {
        201: TokensSchema,
        202: Type.Object(
          { status: Type.Literal('accepted') },
          { description: 'With REGISTRATION_PRIVACY=strict, always but for an invite.' },
        ),
      },
      refusals: [
        'self-serve-disabled',
        'email-already-registered',
        'weak-password',
        ...whenAccepting,
        'too-many-requests',
        'overloaded',
      ],
    },
    async ({ caller, body, at, request, reply }) => {
      const registration = {
        email: addressOf(body.email),
        password: body.password,
        name: body.name?.trim() ?? null,
        accountName: body.account_name?.trim() ?? null,
        inviteToken: body.invite_token ?? null,
        bucket: bucketOfVisitor(request, config),
      }
      const registered = await register(app, caller, registration, at)
      if (registered.kind === 'mailed') return reply.code(202).send({ status: 'accepted' })
      void reply.code(201)
      return replyWithSession({ access, config, reply, delivery: body.token_delivery }, registered, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'disownRegistration',
      method: 'POST',
      url: '/v1/auth/email/disown',
      access: 'anyone',
      summary:
        'Use a verification link to say that somebody else signed up with the address: it is free again',
      body: Fields({ token: MailedTokenText }),
      replies: { 204: null },
      refusals: ['token-unknown', 'token-expired', 'token-used', 'token-superseded'],
    },
    async ({ caller, body, at, reply }) => {
      await inTx(app, (tx) => disownRegistration(tx, caller, body.token, at))
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'deleteMe',
      method: 'DELETE',
      url: '/v1/me',
      access: 'user',
      summary: 'Delete the user, and close accounts that only they are a member of',
      body: Fields({ password: Type.Optional(Password) }),
      replies: { 204: null },
      refusals: [
        'recent-sign-in-required',
        'invalid-credentials',
        'use-oauth-provider',
        'last-owner',
        'subscription-live',
        'too-many-requests',
        'overloaded',
      ],
    },
    async ({ caller, body, at, reply }) => {
      const { signedInAt } = access.snapshotOf(caller.actor).session
      await deleteUser(app, caller, { password: body.password, signedInAt }, at)
      clearSessionCookie(reply, config)
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'listAccounts',
      method: 'GET',
      url: '/v1/accounts',
      access: 'user',
      summary: 'Open accounts of the user; with `closed=true` the closed ones that they can reopen',
      query: Fields({ ...PageQuery, closed: Type.Optional(Type.Boolean()) }),
      replies: { 200: pageOf(ListedAccountSchema) },
    },
    async ({ caller, query, at }) => listAccounts(app.db, config, caller.actor.userId, query, at),
  )

  route(
    server,
    app,
    {
      operationId: 'createAccount',
      method: 'POST',
      url: '/v1/accounts',
      access: 'user',
      summary:
        'Create an account, on trial if the user never had one; switch to it with POST /v1/auth/switch-account',
      body: Fields({ name: DisplayName }),
      replies: { 201: AccountRefSchema },
      refusals: ['self-serve-disabled', 'too-many-requests'],
    },
    async ({ caller, body, at, request, reply }) => {
      refuseAboveLimit(await app.limiter.take(accountLimits(caller.actor.userId), at))
      const name = body.name.trim()
      const wanted = { name, bucket: bucketOfVisitor(request, config) }
      const id = await inTx(app, (tx) => createAnotherAccount(tx, config, caller, wanted, at))
      return reply.code(201).send({ id, name, role: 'owner' })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'reopenAccount',
      method: 'POST',
      url: '/v1/accounts/:id/reopen',
      access: 'user',
      summary: 'Open a closed account again, as one of its owners, until it is deleted',
      params: Fields({ id: Uuid }),
      replies: { 200: AccountRefSchema },
      refusals: ['not-found', 'second-factor-required-here'],
    },
    async ({ caller, params, at }) => {
      const isProved = access.snapshotOf(caller.actor).session.factor !== null
      const wanted = { accountId: params.id, isProved }
      return inTx(app, (tx) => reopenAccount(tx, config, caller, wanted, at))
    },
  )
}

function describeAccount({ accountId, role }: MemberActor, { account }: Snapshot) {
  return {
    id: accountId,
    name: account?.name,
    role,
    created_at: account?.createdAt.toISOString(),
    requires_second_factor: account?.requiresSecondFactor,
  }
}

function currentAccountRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getAccount',
      method: 'GET',
      url: '/v1/accounts/me',
      access: { member: 'viewer' },
      summary: 'The current account',
      replies: { 200: AccountSchema },
    },
    async ({ caller: { actor } }) => {
      return describeAccount(actor, access.snapshotOf(actor))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'changeAccount',
      method: 'PATCH',
      url: '/v1/accounts/me',
      access: { member: 'admin' },
      summary: 'Name the current account; its owners decide whether it asks members for a second factor',
      body: Fields({
        name: Type.Optional(DisplayName),
        requires_second_factor: Type.Optional(Type.Boolean()),
      }),
      replies: { 200: AccountSchema },
    },
    async ({ caller, body, at }) => {
      const { actor } = caller
      const { requires_second_factor: isRequired } = body
      const name = body.name?.trim()
      const snapshot = access.snapshotOf(actor)
      await inTx(app, async (tx) => {
        if (name !== undefined) await renameAccount(tx, caller, name, at)
        if (isRequired === undefined) return
        const policy = { isRequired, session: snapshot.session, securityUrl: securityUrlOf(app.config) }
        await requireSecondFactor(tx, caller, policy, at)
      })
      return {
        ...describeAccount(actor, snapshot),
        ...(name !== undefined && { name }),
        ...(isRequired !== undefined && { requires_second_factor: isRequired }),
      }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'closeAccount',
      method: 'DELETE',
      url: '/v1/accounts/me',
      access: { member: 'owner' },
      summary: 'Close the current account; its owners can reopen it until it is deleted',
      body: Fields({ confirm: Type.String({ maxLength: 200, description: 'The name of the account.' }) }),
      replies: { 204: null },
      refusals: ['confirmation-mismatch', 'subscription-live'],
    },
    async ({ caller, body, at, reply }) => {
      await inTx(app, (tx) => closeAccount(tx, app.config, caller, body, at))
      return reply.code(204).send()
    },
  )
}
