import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Access } from '../../access/access.ts'
import type { App } from '../../app.ts'
import { route } from '../../http/route.ts'
import { Fields } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { MailedTokenText } from '../../identity/fields.ts'
import type { FoundFlow } from '../../identity/oauth/flows.ts'
import { placeToReturn } from '../../identity/oauth/rules.ts'
import { type ProviderName, providerNames, providerTitles } from '../../oidc/rules.ts'
import { problem } from '../../problems.ts'
import { whenAccepting } from '../invites/routes.ts'
import { endFlowOf, finishFlow, recordRefusal } from './finishFlow.ts'
import { startFlow } from './startFlow.ts'
import { pageFor, refusalOf } from './wayBack.ts'

const StartQuery = Fields({
  return_to: Type.Optional(
    Type.String({
      maxLength: 2048,
      description: 'Where to go on: a path here, or an address at one of PRODUCT_ORIGINS. Default: /account.',
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
      const { intent = 'sign-in', login_hint: loginHint, prompt, invite_token: inviteToken = null } = query
      const back = { provider, intent, returnTo: returnToOf(app, query.return_to), inviteToken }
      const browser = { caller, request, reply }
      try {
        return reply.redirect(await startFlow(app, access, browser, { back, loginHint, prompt }, at))
      } catch (error) {
        // A person gets a page, everybody else the problem.
        if (!/\btext\/html\b/.test(request.headers.accept ?? '')) throw error
        return reply.redirect(pageFor(refusalOf(error), back))
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
      summary: `Where ${title} sends browsers back to: to where they wanted, or to the sign-in page (the account, for who came to link) with \`?error=\``,
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
        ...whenAccepting,
      ],
    },
    async ({ caller, at, request, reply }) => {
      let flow: FoundFlow | null = null
      try {
        flow = await endFlowOf(app, request, provider, at)
        if (!flow) throw problem('oauth-failed')
        return reply.redirect(await finishFlow(app, access, { caller, request, reply }, flow, at))
      } catch (error) {
        const refusal = refusalOf(error)
        // Once per flow: what comes again could fill the trail. What cannot be looked up cannot be written down either.
        if (flow && !flow.isOver && refusal.code !== 'overloaded')
          await recordRefusal(app, caller, { flow, refusal }, at)
        if (/\bjson\b/.test(request.headers.accept ?? '')) throw refusal
        const nowhere = { provider, intent: 'sign-in', returnTo: null, inviteToken: null } as const
        return reply.redirect(pageFor(refusal, flow ?? nowhere))
      }
    },
  )
}

function returnToOf({ config }: App, given: string | undefined): string {
  const returnTo = placeToReturn(given, config)
  if (returnTo !== null) return returnTo
  const detail = 'is neither a page here nor at one of PRODUCT_ORIGINS'
  throw problem('invalid-request', { errors: [{ pointer: '#/query/return_to', detail }] })
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
