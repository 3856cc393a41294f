import Type from 'typebox'
import type { Access } from '../access/access.ts'
import {
  clearSessionCookie,
  deliver,
  sessionCookie,
  TokenDelivery,
  TokensSchema,
  tokensFor,
} from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { route } from '../http/route.ts'
import { Fields } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { problem } from '../problems.ts'
import { addressOf, Email, Password, RefreshTokenText } from './fields.ts'
import { type DeviceUser, knownDevice } from './knownDevices.ts'
import { refreshSession } from './refreshSession.ts'
import { replyWithSession } from './replyWithSession.ts'
import { signIn } from './signIn.ts'
import { findSessionOfToken, type OwnedSession, signOut } from './signOut.ts'

/** Coming in with a password, staying in with a refresh token, and going out. */
export function signInRoutes(server: Server, app: App, access: Access): void {
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
      refusals: [
        'invalid-credentials',
        'second-factor-required',
        'use-oauth-provider',
        'too-many-requests',
        'overloaded',
      ],
    },
    async ({ caller, body, at, request, reply }) => {
      const credentials = {
        email: addressOf(body.email),
        password: body.password,
        deviceOf: (user: DeviceUser) => knownDevice(request, config, user),
      }
      const entered = await signIn(app, caller, credentials, at)
      return replyWithSession({ access, config, reply, delivery: body.token_delivery }, entered, at)
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
      const cookie = sessionCookie(request, config)
      const session = await sessionToEnd()
      if (session) await signOut(app, caller, session, at)
      else if (cookie === undefined) throw problem('unauthenticated')
      clearSessionCookie(reply, config)
      return reply.code(204).send()

      async function sessionToEnd(): Promise<OwnedSession | null> {
        if (body.refresh_token !== undefined) return findSessionOfToken(app, body.refresh_token)
        if (cookie === undefined) return access.user(request, at)
        // An access token that has run out must not keep a browser signed in.
        const byAccessToken = await Promise.resolve(access.user(request, at)).catch(() => null)
        return byAccessToken ?? findSessionOfToken(app, cookie)
      }
    },
  )
}
