import type { FastifyReply } from 'fastify'
import type { Access } from '../access/access.ts'
import type { Snapshot } from '../access/snapshot.ts'
import { deliver, type TokenDelivery, tokensFor } from '../access/tokensReply.ts'
import type { Config } from '../config.ts'
import { type DeviceUser, rememberDevice } from './knownDevices.ts'
import { makeRefreshToken } from './refreshTokens.ts'

/** Answers somebody who has just signed in: with tokens, delivered as asked, and with a device that is remembered. */
export async function replyWithSession(
  {
    access,
    config,
    reply,
    delivery,
  }: { access: Access; config: Config; reply: FastifyReply; delivery: TokenDelivery },
  { snapshot, user }: { snapshot: Snapshot; user: DeviceUser },
  at: Date,
) {
  rememberDevice(reply, config, user, at)
  const { id: sessionId, generation, expiresAt } = snapshot.session
  const refreshToken = makeRefreshToken(config.secrets, { sessionId, generation })
  const tokens = await tokensFor(access, config, snapshot, at)
  return deliver({ reply, config, delivery }, { refreshToken, expiresAt }, tokens)
}
