import Type from 'typebox'
import type { Access } from '../access/access.ts'
import { TokenDelivery, TokensSchema } from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import { route } from '../http/route.ts'
import { Fields } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { MailedTokenText } from './fields.ts'
import { replyWithSession } from './replyWithSession.ts'
import { resendVerification } from './resendVerification.ts'
import { startSessionByLink } from './startSessionByLink.ts'
import { verifyEmail } from './verifyEmail.ts'

/** Proving that a mailbox is one's own. */
export function mailboxRoutes(server: Server, app: App, access: Access): void {
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
      body: Fields({ token: MailedTokenText, token_delivery: TokenDelivery }),
      replies: {
        200: Type.Object({
          email: Type.String(),
          tokens: Type.Optional(TokensSchema),
        }),
      },
      refusals: [
        'token-unknown',
        'token-expired',
        'token-used',
        'token-superseded',
        'second-factor-required',
      ],
    },
    async ({ caller, body, at, reply }) => {
      const { email, entered } = await inTx(app, async (tx) => {
        const { userId, email, startsSession } = await verifyEmail(tx, caller, body.token, at)
        return {
          email,
          entered: startsSession ? await startSessionByLink(tx, app, caller, userId, at) : null,
        }
      })
      if (!entered) return { email }
      const to = { access, config, reply, delivery: body.token_delivery }
      return { email, tokens: await replyWithSession(to, entered, at) }
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
