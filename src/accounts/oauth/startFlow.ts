import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import type { Caller } from '../../http/actor.ts'
import { markBrowser } from '../../identity/oauth/browserCookie.ts'
import { beginFlow, FLOW_LIVES_MS, newExpected } from '../../identity/oauth/flows.ts'
import { linkingSession } from '../../identity/oauth/linkingSession.ts'
import { flowLimits } from '../../identity/throttles.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { callbackOf, type WayBack } from './wayBack.ts'

/** What a browser wants at a provider. */
export interface Start {
  back: WayBack & { returnTo: string }
  loginHint: string | undefined
  prompt: string | undefined
}

/** Remembers where a browser wants to go, marks it, and returns the address of the provider to send it to. */
export async function startFlow(
  app: App,
  access: Access,
  { caller, request, reply }: { caller: Caller; request: FastifyRequest; reply: FastifyReply },
  { back, loginHint, prompt }: Start,
  at: Date,
): Promise<string> {
  const { provider, intent } = back
  refuseAboveLimit(await app.limiter.take(flowLimits(caller.ip), at))
  const sessionId = intent === 'link' ? await linkingSession(app, access, request, at) : null
  const expected = newExpected()
  const redirectUri = callbackOf(app, provider).href
  const url = await app.oidc.authorizationUrl(provider, { ...expected, redirectUri, loginHint, prompt })
  const browserHash = markBrowser(reply, app.config, new Date(at.getTime() + FLOW_LIVES_MS))
  await beginFlow(app, { ...back, sessionId, expected, browserHash }, at)
  return url.href
}
