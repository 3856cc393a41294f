import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import { ACCESS_TOKEN_SECONDS } from '../../access/accessTokens.ts'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { ProofFields, proofOf } from '../../factors/fields.ts'
import { operatorRoles } from '../../http/actor.ts'
import { route } from '../../http/route.ts'
import { Fields, named, Uuid } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { addressOf, Email, MailedTokenText } from '../../identity/fields.ts'
import { problem } from '../../problems.ts'
import { askForLink } from './askForLink.ts'
import type { OperatorSession } from './beginSession.ts'
import { endSession } from './endSessions.ts'
import { findSession } from './findSession.ts'
import { followLink } from './followLink.ts'
import { proveSecondFactor } from './proveSecondFactor.ts'
import { clearSessionCookie, refuseOtherPages, sessionCookie, setSessionCookie } from './sessionCookie.ts'

/** What an operator may do. */
export const OperatorRoleSchema = Type.Enum([...operatorRoles], {
  description:
    '`read` looks, `support` helps accounts too, `admin` decides what they get and who is an operator.',
})

const OperatorTokensSchema = named(
  'OperatorTokens',
  Type.Object({
    access_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds.' }),
    operator: Type.Object({ id: Uuid, email: Type.String(), role: OperatorRoleSchema }),
    second_factor_setup_required: Type.Boolean({
      description: 'Nothing is open but setting up a second factor.',
    }),
  }),
)

/** How operators come in: by a link to their mailbox, with sessions of their own beside those of users. */
export function sessionRoutes(server: Server, app: App, access: Access): void {
  const { config } = app

  async function tokensFor({ operator, sessionId, provedBy }: OperatorSession, at: Date) {
    return {
      access_token: await access.tokens.issueToOperator(operator.id, at, sessionId),
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      operator,
      second_factor_setup_required: provedBy === null && config.operatorsNeedSecondFactor,
    }
  }

  route(
    server,
    app,
    {
      operationId: 'askForOperatorLink',
      method: 'POST',
      url: '/v1/operator/auth/link',
      access: 'anyone',
      summary:
        'Ask for a link that signs an operator in; the answer never tells whether the address is one’s',
      body: Fields({ email: Email }),
      replies: { 202: Type.Object({ status: Type.Literal('accepted') }) },
      refusals: ['too-many-requests'],
    },
    async ({ caller, body, at, reply }) => {
      await askForLink(app, caller, addressOf(body.email), at)
      return reply.code(202).send({ status: 'accepted' })
    },
  )

  route(
    server,
    app,
    {
      operationId: 'signInOperator',
      method: 'POST',
      url: '/v1/operator/auth/sign-in',
      access: 'anyone',
      summary:
        'Sign an operator in with the mailed link, for twelve hours; a cookie keeps the session. Where they have a second factor, a challenge takes the place of the link',
      body: Fields({ token: MailedTokenText }),
      replies: { 200: OperatorTokensSchema },
      refusals: [
        'token-unknown',
        'token-expired',
        'token-used',
        'token-superseded',
        'second-factor-required',
        'forbidden',
      ],
    },
    async ({ caller, body, at, request, reply }) => {
      refuseOtherPages(request, config)
      const followed = await inTx(app, (tx) => followLink(tx, app, caller, body.token, at))
      if (followed.kind === 'asked') {
        const { token, expiresAt, methods, passkey } = followed.asked
        const members = { challenge: token, expires_at: expiresAt.toISOString(), methods, passkey }
        const detail = 'The link was right. Prove the second factor with which you sign in here.'
        throw problem('second-factor-required', members, { detail })
      }
      setSessionCookie(reply, config, followed.session)
      return tokensFor(followed.session, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'proveOperatorFactor',
      method: 'POST',
      url: '/v1/operator/auth/second-factor',
      access: 'anyone',
      summary: 'Sign an operator in who has followed the link, with their second factor',
      body: Fields({ challenge: Type.String({ minLength: 1, maxLength: 200 }), ...ProofFields }),
      replies: { 200: OperatorTokensSchema },
      refusals: ['challenge-over', 'wrong-second-factor', 'too-many-requests', 'forbidden'],
    },
    async ({ caller, body: { challenge, ...proofs }, at, request, reply }) => {
      refuseOtherPages(request, config)
      const session = await proveSecondFactor(app, caller, { challenge, proof: proofOf(proofs) }, at)
      setSessionCookie(reply, config, session)
      return tokensFor(session, at)
    },
  )

  route(
    server,
    app,
    {
      operationId: 'refreshOperatorSession',
      method: 'POST',
      url: '/v1/operator/auth/refresh',
      access: 'anyone',
      summary: 'A new access token for the operator whose session the cookie keeps',
      replies: { 200: OperatorTokensSchema },
      refusals: ['session-expired', 'forbidden'],
    },
    async ({ at, request, reply }) => {
      refuseOtherPages(request, config)
      const token = sessionCookie(request, config)
      const session = token === undefined ? null : await findSession(app.db, token, at)
      if (session) return tokensFor(session, at)
      if (token !== undefined) clearSessionCookie(reply, config)
      throw problem('session-expired')
    },
  )

  route(
    server,
    app,
    {
      operationId: 'signOutOperator',
      method: 'POST',
      url: '/v1/operator/auth/sign-out',
      access: 'anyone',
      summary: 'End the session that the cookie keeps, and its access tokens; harmless when it is over',
      replies: { 204: null },
      refusals: ['forbidden'],
    },
    async ({ caller, at, request, reply }) => {
      refuseOtherPages(request, config)
      const token = sessionCookie(request, config)
      if (token !== undefined) await inTx(app, (tx) => endSession(tx, caller, token, at))
      clearSessionCookie(reply, config)
      return reply.code(204).send()
    },
  )
}
