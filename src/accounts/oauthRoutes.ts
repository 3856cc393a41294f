import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Access } from '../access/access.ts'
import { sessionCookie } from '../access/tokensReply.ts'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { Unavailable } from '../db/unavailable.ts'
import type { Caller } from '../http/actor.ts'
import { route } from '../http/route.ts'
import { Fields } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { MailedTokenText } from '../identity/fields.ts'
import { knownDevice } from '../identity/knownDevices.ts'
import { linkIdentity } from '../identity/linkIdentity.ts'
import { markBrowser, markOf } from '../identity/oauth/browserCookie.ts'
import { beginFlow, endFlow, FLOW_LIVES_MS, type FoundFlow, newExpected } from '../identity/oauth/flows.ts'
import { linkingSession } from '../identity/oauth/linkingSession.ts'
import { placeToReturn } from '../identity/oauth/rules.ts'
import { readRefreshToken } from '../identity/refreshTokens.ts'
import { replyWithSession } from '../identity/replyWithSession.ts'
import { flowLimits, refuseAboveLimit } from '../identity/throttles.ts'
import { type ProviderName, providerNames, providerTitles } from '../oidc/rules.ts'
import { Problem, problem } from '../problems.ts'
import { enterByProvider } from './enterByProvider.ts'

const StartQuery = Fields({
  return_to: Type.Optional(
    Type.String({
      maxLength: 2048,
      description: 'Where to go on: a path here, or an address at one of RETURN_ORIGINS. Default: /account.',
    }),
  ),
  intent: Type.Optional(
    Type.Enum(['sign-in', 'link'], {
      description: '`link` adds the identity to the user who is signed in. Default: `sign-in`.',
    }),
  ),
  invite_token: Type.Optional(MailedTokenText),
  login_hint: Type.Optional(
    Type.String({ maxLength: 320, description: 'Whom the provider should suggest.' }),
  ),
  prompt: Type.Optional(Type.Enum(['select_account', 'login', 'consent'])),
})

/** Signing in and linking by way of Google and Microsoft: to the provider, and back. */
export function oauthRoutes(server: Server, app: App, access: Access): void {
  for (const provider of providerNames) {
    startRoute(server, app, access, provider)
    finishRoute(server, app, access, provider)
  }
}

function startRoute(server: Server, app: App, access: Access, provider: ProviderName): void {
  const title = providerTitles[provider]
  route(
    server,
    app,
    {
      operationId: `startWith${title}`,
      method: 'GET',
      url: `/v1/auth/oauth/${provider}/start`,
      access: 'anyone',
      summary: `Send a browser to ${title}, to sign in or to link`,
      query: StartQuery,
      replies: { 302: null },
      refusals: [
        'oauth-not-configured',
        'oauth-unavailable',
        'too-many-requests',
        'unauthenticated',
        'session-expired',
        'recent-sign-in-required',
        'email-verification-required',
        'forbidden',
      ],
    },
    async ({ caller, query, at, request, reply }) => {
      const elsewhere = samePlaceAtPublicUrl(app, request)
      if (elsewhere) return reply.redirect(elsewhere)
      const returnTo = placeToReturn(query.return_to, app.config)
      if (returnTo === null)
        throw problem('invalid-request', {
          errors: [
            { pointer: '#/query/return_to', detail: 'is neither a page here nor at one of RETURN_ORIGINS' },
          ],
        })
      const back = { provider, returnTo, inviteToken: query.invite_token ?? null }
      try {
        return reply.redirect(await start(app, access, { caller, query, request, reply, back }, at))
      } catch (error) {
        if (!/\btext\/html\b/.test(request.headers.accept ?? '')) throw error
        return reply.redirect(signInPage(refusalOf(error), back))
      }
    },
  )
}

function finishRoute(server: Server, app: App, access: Access, provider: ProviderName): void {
  const title = providerTitles[provider]
  route(
    server,
    app,
    {
      operationId: `finishWith${title}`,
      method: 'GET',
      url: `/v1/auth/oauth/${provider}/callback`,
      access: 'anyone',
      // What a provider adds to `state` and `code` is its own business.
      summary: `Where ${title} sends browsers back to: to where they wanted, or to the sign-in page with \`?error=\``,
      replies: { 302: null },
      refusals: [
        'oauth-failed',
        'oauth-canceled',
        'oauth-not-allowed',
        'oauth-unavailable',
        'oauth-email-missing',
        'email-already-registered',
        'identity-already-linked',
        'self-serve-disabled',
        'session-expired',
        'email-verification-required',
        'too-many-requests',
      ],
    },
    async ({ caller, at, request, reply }) => {
      const flow = await findFlow(app, request, provider, at)
      const back = flow ?? { provider, returnTo: null, inviteToken: null }
      try {
        if (!flow || flow.isOver) throw problem('oauth-failed')
        const place = await finish(app, access, { caller, flow, request, reply }, at)
        return reply.redirect(place)
      } catch (error) {
        const refusal = refusalOf(error)
        await audit(
          app.db,
          caller,
          { action: 'oauth.refused', details: { provider, code: refusal.code } },
          at,
        )
        if (/\bjson\b/.test(request.headers.accept ?? '')) throw refusal
        return reply.redirect(signInPage(refusal, back))
      }
    },
  )
}

/** What a flow is to come back with, also where it comes to nothing. */
interface WayBack {
  provider: ProviderName
  returnTo: string | null
  inviteToken: string | null
}

async function start(
  app: App,
  access: Access,
  {
    caller,
    query,
    request,
    reply,
    back,
  }: {
    caller: Caller
    query: Static<typeof StartQuery>
    request: FastifyRequest
    reply: FastifyReply
    back: WayBack & { returnTo: string }
  },
  at: Date,
): Promise<string> {
  const { intent = 'sign-in', login_hint: loginHint, prompt } = query
  const { provider } = back
  refuseAboveLimit(await app.limiter.take(flowLimits(caller.ip), at))
  const sessionId = intent === 'link' ? (await linkingSession(app, access, request, at)).sessionId : null
  const expected = newExpected()
  const redirectUri = callbackOf(app, provider).href
  const url = await app.oidc.authorizationUrl(provider, { ...expected, redirectUri, loginHint, prompt })
  const browserHash = markBrowser(reply, app.config, new Date(at.getTime() + FLOW_LIVES_MS))
  await beginFlow(app, { ...back, intent, sessionId, expected, browserHash }, at)
  return url.href
}

async function findFlow(
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
async function finish(
  app: App,
  access: Access,
  {
    caller,
    flow,
    request,
    reply,
  }: { caller: Caller; flow: FoundFlow; request: FastifyRequest; reply: FastifyReply },
  at: Date,
): Promise<string> {
  const { config } = app
  const { provider, returnTo, sessionId } = flow
  const callback = callbackOf(app, provider)
  callback.search = request.url.replace(/^[^?]*/, '')
  const identity = await app.oidc.redeem(provider, callback, flow.expected)
  if (sessionId) {
    if (isOtherBrowserSession(app, request, sessionId)) throw problem('session-expired')
    await linkIdentity(app, caller, { identity, sessionId }, at)
    return returnTo
  }
  const isBrowserOf: Parameters<typeof enterByProvider>[2]['isBrowserOf'] = (user) =>
    knownDevice(request, config, user) !== null
  const entered = await enterByProvider(app, caller, { identity, isBrowserOf }, at)
  if (entered.kind === 'mailed') return '/sign-in?notice=check-mail'
  await replyWithSession({ access, config, reply, delivery: 'cookie' }, entered, at)
  return returnTo
}

/** Whether somebody else has signed in here since: what they bring is theirs, and not for the one who began. */
function isOtherBrowserSession({ config }: App, request: FastifyRequest, sessionId: string): boolean {
  const token = readRefreshToken(config.secrets, sessionCookie(request, config) ?? '')
  return token !== null && token.sessionId !== sessionId
}

/** The redirect URI of a provider: each has its own, so that an answer of one is no answer of the other. */
function callbackOf({ config }: App, provider: ProviderName): URL {
  return new URL(`/v1/auth/oauth/${provider}/callback`, config.publicUrl)
}

/**
 * Providers send people back to PUBLIC_URL, where a cookie of 127.0.0.1 does not come along: on loopback whoever
 * begins under another name is sent there first.
 */
function samePlaceAtPublicUrl({ config }: App, { hostname, url }: FastifyRequest): string | null {
  const loopback = ['localhost', '127.0.0.1', '[::1]']
  // Cookies do not tell ports apart, and a proxy on this machine may use another one.
  const own = new URL(config.publicUrl).hostname
  const isElsewhere = own !== hostname && loopback.includes(own) && loopback.includes(hostname)
  return isElsewhere ? config.publicUrl + url : null
}

/** The sign-in page, told what went wrong and what to take up again. */
function signInPage({ code }: Problem, { provider, returnTo, inviteToken }: WayBack): string {
  const query = new URLSearchParams({
    error: code,
    provider,
    ...(returnTo !== null && { return_to: returnTo }),
    ...(inviteToken !== null && { invite_token: inviteToken }),
  })
  return `/sign-in?${query}`
}

/** What is known to go wrong; everything else is for the server to explain. */
function refusalOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Unavailable) return problem('overloaded', undefined, { retryAfterSeconds: 5 })
  throw error
}
