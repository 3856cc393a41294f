import Type from 'typebox'
import type { Access } from '../access/access.ts'
import { clearSessionCookie, TokensSchema, tokensFor } from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields, Instant, Nullable, named, PageQuery, pageOf, Uuid } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { problem } from '../problems.ts'
import { listSessions } from './listSessions.ts'
import { endSession, endSessions } from './sessions.ts'
import { switchAccount } from './switchAccount.ts'

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

/** The sessions of the user: all of them, their end, and which account this one works in. */
export function sessionRoutes(server: Server, app: App, access: Access): void {
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
    async ({ caller, body, at }) => {
      const snapshot = await inTx(app, (tx) => switchAccount(tx, caller, body.account_id, at))
      return tokensFor(access, config, snapshot, at)
    },
  )
}
