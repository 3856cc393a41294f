import type { FastifyRequest } from 'fastify'
import type { Access } from '../../access/access.ts'
import { readSnapshot, type Snapshot } from '../../access/snapshot.ts'
import { sessionCookie } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { refuseUnlessRecent } from '../recentSignIn.ts'
import { readRefreshToken } from '../refreshTokens.ts'
import { refuseUnlessVerified } from '../refuseUnlessVerified.ts'
import { decideRefresh } from '../rules.ts'

/**
 * The id of the session that an identity may be linked from: of a user who has proved their mailbox, and who signed in within
 * the last ten minutes. A browser that is sent to us carries no access token, so its session's cookie counts too.
 */
export async function linkingSession(
  app: App,
  access: Access,
  request: FastifyRequest,
  at: Date,
): Promise<string> {
  // A page elsewhere could send people off to link whatever they, or it, are signed in with at the provider.
  if (request.headers['sec-fetch-site'] === 'cross-site')
    throw problem('forbidden', undefined, { detail: 'Linking begins on a page of this service.' })
  const { session, user } = await snapshotOfBrowser(app, access, request, at)
  refuseUnlessRecent(session.signedInAt, at)
  refuseUnlessVerified(
    user,
    app.config,
    'Prove that the mailbox is yours before you link anything to it.',
    at,
  )
  return session.id
}

async function snapshotOfBrowser(
  app: App,
  access: Access,
  request: FastifyRequest,
  at: Date,
): Promise<Snapshot> {
  if (request.headers.authorization !== undefined) return access.snapshotOf(await access.user(request, at))
  const token = readRefreshToken(app.config.secrets, sessionCookie(request, app.config) ?? '')
  if (!token) throw problem('unauthenticated')
  const snapshot = await readSnapshot(app.db, token.sessionId, null)
  const verdict = snapshot && decideRefresh(snapshot.session, token.generation, at)
  // The token is only looked at: whoever refreshes with it answers for it.
  if (verdict?.kind !== 'rotate' && verdict?.kind !== 'repeat') throw problem('session-expired')
  return snapshot as Snapshot
}
