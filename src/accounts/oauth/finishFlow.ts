import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../access/access.ts'
import { sessionCookie } from '../../access/tokensReply.ts'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Caller } from '../../http/actor.ts'
import { knownDevice } from '../../identity/knownDevices.ts'
import { markOf } from '../../identity/oauth/browserCookie.ts'
import { endFlow, type FoundFlow } from '../../identity/oauth/flows.ts'
import { linkIdentity } from '../../identity/oauth/linkIdentity.ts'
import { readRefreshToken } from '../../identity/refreshTokens.ts'
import { replyWithSession } from '../../identity/replyWithSession.ts'
import { keepChallenge } from '../../identity/secondFactor/challengeCookie.ts'
import type { UserRecord } from '../../identity/users.ts'
import type { ProviderName } from '../../oidc/rules.ts'
import { type Problem, problem } from '../../problems.ts'
import { bucketOfVisitor } from '../selfServe/visitors.ts'
import { enterByProvider } from './enterByProvider.ts'
import { callbackOf } from './wayBack.ts'

/** The flow that this browser is coming back from, which ends with that; null where there is none. */
export async function endFlowOf(
  app: App,
  request: FastifyRequest,
  provider: ProviderName,
  at: Date,
): Promise<FoundFlow | null> {
  const { state } = request.query as Record<string, unknown>
  const browserHash = markOf(request, app.config)
  return typeof state === 'string' && browserHash ? endFlow(app, { state, browserHash, provider }, at) : null
}

/** Takes the answer of the provider for a session or a link, and returns where to go on. */
export async function finishFlow(
  app: App,
  access: Access,
  { caller, request, reply }: { caller: Caller; request: FastifyRequest; reply: FastifyReply },
  flow: FoundFlow,
  at: Date,
): Promise<string> {
  const { config } = app
  const { provider, returnTo, sessionId, inviteToken } = flow
  if (flow.isOver) throw problem('oauth-failed')
  const callback = callbackOf(app, provider)
  callback.search = request.url.replace(/^[^?]*/, '')
  const identity = await app.oidc.redeem(provider, callback, flow.expected)
  if (sessionId) {
    if (isOtherSession(app, request, sessionId)) throw problem('session-expired')
    await linkIdentity(app, caller, { identity, sessionId }, at)
    return returnTo === '/account' ? '/account?notice=linked' : returnTo
  }
  const isBrowserOf = (user: UserRecord) => knownDevice(request, config, user) !== null
  const arrival = { identity, isBrowserOf, inviteToken, bucket: bucketOfVisitor(request, config) }
  const entered = await enterByProvider(app, caller, arrival, at)
  if (entered.kind === 'mailed') return '/sign-in?notice=check-mail'
  if (entered.kind === 'asked') {
    keepChallenge(reply, config, entered.asked)
    const carriedOn = { return_to: returnTo, ...(inviteToken !== null && { invite_token: inviteToken }) }
    return `/sign-in/second-factor?${new URLSearchParams(carriedOn)}`
  }
  await replyWithSession({ access, config, reply, delivery: 'cookie' }, entered, at)
  return returnTo
}

/** Writes to the trail that a flow came to nothing, for whom if it was to link. Answers that belong to none are no event. */
export async function recordRefusal(
  { db }: App,
  caller: Caller,
  { flow, refusal }: { flow: FoundFlow; refusal: Problem },
  at: Date,
): Promise<void> {
  const { provider, intent, sessionId } = flow
  const session = sessionId
    ? await db.selectFrom('sessions').select('user_id').where('id', '=', sessionId).executeTakeFirst()
    : undefined
  const details = { provider, intent, code: refusal.code }
  await audit(db, caller, { action: 'oauth.refused', userId: session?.user_id ?? null, details }, at)
}

/** Whether somebody else has signed in here since: what they bring is theirs, and not for the one who began. */
function isOtherSession({ config }: App, request: FastifyRequest, sessionId: string): boolean {
  const token = readRefreshToken(config.secrets, sessionCookie(request, config) ?? '')
  return token !== null && token.sessionId !== sessionId
}
