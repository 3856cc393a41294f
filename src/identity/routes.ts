import Type from 'typebox'
import type { Access } from '../access/access.ts'
import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import {
  clearSessionCookie,
  deliver,
  describeUser,
  sessionCookie,
  TokenDelivery,
  TokensSchema,
  tokensFor,
  UserSchema,
} from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { problem } from '../problems.ts'
import { normaliseAddress } from './addresses.ts'
import { changeName } from './changeName.ts'
import { changePassword } from './changePassword.ts'
import { forgotPassword } from './forgotPassword.ts'
import { knownDevice, rememberDevice } from './knownDevices.ts'
import { listSessions } from './listSessions.ts'
import { refreshSession } from './refreshSession.ts'
import { makeRefreshToken, readRefreshToken } from './refreshTokens.ts'
import { resendVerification } from './resendVerification.ts'
import { resetPassword } from './resetPassword.ts'
import { endSession, endSessions, sessionEnd } from './sessions.ts'
import { signIn } from './signIn.ts'
import { startSessionByLink } from './startSessionByLink.ts'
import { switchAccount } from './switchAccount.ts'
import { findUser, type UserRecord } from './users.ts'
import { verifyEmail } from './verifyEmail.ts'

/** The longest a password may be on the wire: 256 characters of four bytes, escaped. */
export const Password = Type.String({ maxLength: 4096 })
export const Email = Type.String({ maxLength: 320 })
const MailedToken = Type.String({ minLength: 1, maxLength: 200 })
const RefreshTokenText = Type.String({ minLength: 1, maxLength: 200 })

const SessionSchema = named(
  'Session',
  Type.Object({
    id: Uuid,
    current: Type.Boolean(),
    device: Type.String({ description: 'Such as `Firefox on Linux`.' }),
    ip: Nullable(Type.String()),
    created_at: Instant,
    last_seen_at: Instant,
    expires_at: Instant,
  }),
)

/** Normalises the address of a request body, or refuses it with its pointer. */
export function addressOf(typed: string): string {
  const email = normaliseAddress(typed)
  if (!email)
    throw problem('invalid-request', { errors: [{ pointer: '#/email', detail: 'is not an e-mail address' }] })
  return email
}

/** Signing in and out, passwords, verification, sessions, and the user's own page. */
export function identityRoutes(server: Server, app: App, access: Access): void {
  signInRoutes(server, app, access)
  sessionRoutes(server, app, access)
  mailboxRoutes(server, app, access)
  passwordRoutes(server, app)
  userRoutes(server, app, access)
}

function signInRoutes(server: Server, app: App, access: Access): void {
  const { config } = app
  route(
    server,
    app,
    {
      operationId: 'signIn',
      method: 'POST',
      url: '/v1/auth/login',
      access: 'anyone',
      summary: 'Sign in with a password',
      body: Fields({ email: Email, password: Password, token_delivery: TokenDelivery }),
      replies: { 200: TokensSchema },
      refusals: ['invalid-credentials', 'too-many-requests', 'overloaded'],
    },
    async ({ caller, body, at, request, reply }) => {
      const deviceOf = (user: UserRecord) => knownDevice(request, config, user)
      const { snapshot, user } = await signIn(
        app,
        caller,
        { email: addressOf(body.email), password: body.password, deviceOf },
        at,
      )
      if (!deviceOf(user)) rememberDevice(reply, config, user, at)
      const refreshToken = makeRefreshToken(config.secrets, { sessionId: snapshot.session.id, generation: 1 })
      const delivered = { refreshToken, expiresAt: snapshot.session.expiresAt }
      return deliver(
        { reply, config, delivery: body.token_delivery },
        delivered,
        await tokensFor(access, config, snapshot, at),
      )
    },
  )

  route(
    server,
    app,
    {
      operationId: 'refreshSession',
      method: 'POST',
      url: '/v1/auth/refresh',
      access: 'anyone',
      summary: 'Take the refresh token, from the cookie or the body, for the next one and a new access token',
      body: Fields({ refresh_token: Type.Optional(RefreshTokenText) }),
      replies: { 200: TokensSchema },
      refusals: ['session-expired'],
    },
    async ({ caller, body, at, request, reply }) => {
      const text = body.refresh_token ?? sessionCookie(request, config)
      if (!text)
        throw problem('session-expired', undefined, {
          detail: 'There is no refresh token, neither as a cookie nor in the body.',
        })
      const { snapshot, refreshToken } = await refreshSession(app, caller, text, at)
      const delivery = body.refresh_token ? 'body' : 'cookie'
      const delivered = { refreshToken, expiresAt: snapshot.session.expiresAt }
      return deliver({ reply, config, delivery }, delivered, await tokensFor(access, config, snapshot, at))
    },
  )

  route(
    server,
    app,
    {
      operationId: 'signOut',
      method: 'POST',
      url: '/v1/auth/logout',
      access: 'anyone',
      summary: 'End the session of the access token, or of the refresh token in the cookie or the body',
      body: Fields({ refresh_token: Type.Optional(RefreshTokenText) }),
      replies: { 204: null },
      refusals: ['unauthenticated'],
    },
    async ({ caller, body, at, request, reply }) => {
      const { sessionId, userId } = await sessionToEnd()
      const user = { kind: 'user', userId, sessionId, accountId: null, role: null } as const
      await inTx(app, (tx) =>
        endSession(tx, { ...caller, actor: user }, { userId, sessionId, because: 'signed-out' }, at),
      )
      clearSessionCookie(reply, config)
      return reply.code(204).send()

      async function sessionToEnd(): Promise<{ sessionId: string; userId: string }> {
        const text =
          body.refresh_token ?? (request.headers.authorization ? undefined : sessionCookie(request, config))
        if (!text) return access.user(request, at)
        const token = readRefreshToken(config.secrets, text)
        const snapshot = token && (await readSnapshot(app.db, token.sessionId, null))
        if (!snapshot) throw problem('unauthenticated')
        return { sessionId: snapshot.session.id, userId: snapshot.user.id }
      }
    },
  )
}

function sessionRoutes(server: Server, app: App, access: Access): void {
  const { config } = app
  route(
    server,
    app,
    {
      operationId: 'signOutEverywhere',
      method: 'POST',
      url: '/v1/auth/logout-all',
      access: 'user',
      summary: 'End all sessions of the user, this one too',
      replies: { 204: null },
    },
    async ({ caller, at, reply }) => {
      const { userId } = caller.actor
      await inTx(app, (tx) => endSessions(tx, caller, { userId, because: 'signed-out' }, at))
      clearSessionCookie(reply, config)
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'listSessions',
      method: 'GET',
      url: '/v1/auth/sessions',
      access: 'user',
      summary: 'Live sessions of the user, the newest first',
      query: Fields(PageQuery),
      replies: { 200: pageOf(SessionSchema) },
    },
    async ({ caller, query, at }) => listSessions(app.db, caller.actor, query, at),
  )

  route(
    server,
    app,
    {
      operationId: 'endSession',
      method: 'DELETE',
      url: '/v1/auth/sessions/:id',
      access: 'user',
      summary: 'End one session of the user',
      params: Fields({ id: Uuid }),
      replies: { 204: null },
      refusals: ['not-found'],
    },
    async ({ caller, params, at, reply }) => {
      const { userId } = caller.actor
      const ended = await inTx(app, (tx) =>
        endSession(tx, caller, { userId, sessionId: params.id, because: 'revoked' }, at),
      )
      if (!ended) throw problem('not-found')
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'switchAccount',
      method: 'POST',
      url: '/v1/auth/switch-account',
      access: 'user',
      summary: 'Go on in another account of the user',
      body: Fields({ account_id: Uuid }),
      replies: { 200: TokensSchema },
      refusals: ['not-found'],
    },
    async ({ caller, body, at, reply }) => {
      const snapshot = await inTx(app, (tx) => switchAccount(tx, caller, body.account_id, at))
      void reply.header('cache-control', 'no-store')
      return tokensFor(access, config, snapshot, at)
    },
  )
}

function mailboxRoutes(server: Server, app: App, access: Access): void {
  const { config } = app
  route(
    server,
    app,
    {
      operationId: 'verifyEmail',
      method: 'POST',
      url: '/v1/auth/email/verify',
      access: 'anyone',
      summary: 'Use a verification link',
      body: Fields({ token: MailedToken, token_delivery: TokenDelivery }),
      replies: {
        200: Type.Object({
          email: Type.String(),
          tokens: Type.Optional(TokensSchema),
        }),
      },
      refusals: ['token-unknown', 'token-expired', 'token-used', 'token-superseded'],
    },
    async ({ caller, body, at, reply }) => {
      const { email, entered } = await inTx(app, async (tx) => {
        const verified = await verifyEmail(tx, caller, body.token, at)
        return {
          email: verified.email,
          entered: verified.startsSession
            ? await startSessionByLink(tx, app, caller, verified.userId, at)
            : null,
        }
      })
      void reply.header('cache-control', 'no-store')
      return entered ? { email, tokens: await enter(entered) } : { email }

      async function enter({ snapshot, user }: { snapshot: Snapshot; user: UserRecord }) {
        rememberDevice(reply, config, user, at)
        const refreshToken = makeRefreshToken(config.secrets, {
          sessionId: snapshot.session.id,
          generation: 1,
        })
        const delivered = { refreshToken, expiresAt: sessionEnd(config, at) }
        return deliver(
          { reply, config, delivery: body.token_delivery },
          delivered,
          await tokensFor(access, config, snapshot, at),
        )
      }
    },
  )

  route(
    server,
    app,
    {
      operationId: 'resendVerification',
      method: 'POST',
      url: '/v1/auth/email/resend',
      access: 'user',
      summary: 'Send a new verification link; earlier ones stop working',
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: ['too-many-requests'],
    },
    async ({ caller, at, reply }) => {
      await resendVerification(app, caller, at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )
}

function passwordRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'forgotPassword',
      method: 'POST',
      url: '/v1/auth/password/forgot',
      access: 'anyone',
      summary: 'Ask for a reset link; the answer never tells whether the address is known',
      body: Fields({ email: Email }),
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: ['too-many-requests'],
    },
    async ({ caller, body, at, reply }) => {
      await forgotPassword(app, caller, addressOf(body.email), at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'resetPassword',
      method: 'POST',
      url: '/v1/auth/password/reset',
      access: 'anyone',
      summary: 'Choose a new password with a reset link; all sessions end',
      body: Fields({ token: MailedToken, password: Password }),
      replies: { 204: null },
      refusals: [
        'weak-password',
        'token-unknown',
        'token-expired',
        'token-used',
        'token-superseded',
        'overloaded',
      ],
    },
    async ({ caller, body, at, reply }) => {
      await resetPassword(app, caller, body, at)
      return reply.code(204).send()
    },
  )

  route(
    server,
    app,
    {
      operationId: 'changePassword',
      method: 'POST',
      url: '/v1/auth/password/change',
      access: 'user',
      summary: 'Choose a new password while signed in; the other sessions end',
      body: Fields({ current_password: Password, new_password: Password }),
      replies: { 204: null },
      refusals: ['invalid-credentials', 'weak-password', 'too-many-requests', 'overloaded'],
    },
    async ({ caller, body, at, reply }) => {
      const passwords = { currentPassword: body.current_password, newPassword: body.new_password }
      await changePassword(app, caller, passwords, at)
      const user = await findUser(app.db, caller.actor.userId)
      if (user) rememberDevice(reply, app.config, user, at)
      return reply.code(204).send()
    },
  )
}

function userRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'getMe',
      method: 'GET',
      url: '/v1/me',
      access: 'user',
      summary: 'The signed-in user',
      replies: { 200: UserSchema },
    },
    async ({ caller }) => describeUser(access.snapshotOf(caller.actor).user, app.config),
  )

  route(
    server,
    app,
    {
      operationId: 'changeMe',
      method: 'PATCH',
      url: '/v1/me',
      access: 'user',
      summary: 'Change the name',
      body: Fields({ name: Nullable(Type.String({ minLength: 1, maxLength: 200 })) }),
      replies: { 200: UserSchema },
    },
    async ({ caller, body, at }) => {
      await inTx(app, (tx) => changeName(tx, caller, body.name, at))
      const { user } = access.snapshotOf(caller.actor)
      return describeUser({ ...user, name: body.name }, app.config)
    },
  )
}
