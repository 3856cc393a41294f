import type { FastifyReply } from 'fastify'
import type { Access } from '../access/access.ts'
import { deliver, type TokenDelivery, tokensFor } from '../access/tokensReply.ts'
import type { Config } from '../config.ts'
import { rememberDevice } from './knownDevices.ts'
import type { LetIn } from './openSession.ts'
import { makeRefreshToken } from './refreshTokens.ts'
import { keepChallenge, secondFactorRequired } from './secondFactor/challengeCookie.ts'

/**
 * Answers somebody who has just signed in: with tokens, delivered as asked, and with a device that is remembered. Throws
 * `second-factor-required` where they are asked for one first.
 */
export async function replyWithSession(
  {
    access,
    config,
    reply,
    delivery,
  }: { access: Access; config: Config; reply: FastifyReply; delivery: TokenDelivery },
  entered: LetIn,
  at: Date,
) {
  if (entered.kind === 'asked') {
    if (delivery !== 'body') keepChallenge(reply, config, entered.asked)
    throw secondFactorRequired(entered.asked)
  }
  const { snapshot, user } = entered
  rememberDevice(reply, config, { user, isProved: snapshot.session.factor !== null }, at)
  const { id: sessionId, generation, expiresAt } = snapshot.session
  const refreshToken = makeRefreshToken(config.secrets, { sessionId, generation })
  const tokens = await tokensFor(access, config, snapshot, at)
  return deliver({ reply, config, delivery }, { refreshToken, expiresAt }, tokens)
}
