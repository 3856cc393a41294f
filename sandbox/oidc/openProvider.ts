import { randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import Provider, { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import type { Log } from '../../src/http/log.ts'
import { answerFaults, type Faults, tokenFaults } from './faults.ts'
import { memoryAdapter } from './memoryAdapter.ts'
import { ERROR_POLICY, errorPage } from './pages/errorPage.ts'
import type { People } from './people.ts'
import type { Persona } from './persona.ts'
import { makeKeys, type SigningKey } from './signingKeys.ts'
import { writeIdToken } from './writeIdToken.ts'

/** What a provider is opened with. */
export interface Played<Person extends object> {
  persona: Persona<Person>
  people: People<Person>
  faults: Faults
  /** Where its client lets people be sent back to. */
  redirectUri: string
  log: Log
}

/** The protocol of a provider, and the keys that it publishes. */
export interface OpenedProvider {
  provider: Provider
  handle: ReturnType<Provider['callback']>
  keys: SigningKey[]
}

const SECONDS = { code: 60, token: 3600, choice: 3600 }

/**
 * Opens what checks clients, redirect URIs, PKCE and codes. It makes keys and loads the library, so it is opened when
 * somebody first signs in.
 */
export async function openProvider<Person extends object>(played: Played<Person>): Promise<OpenedProvider> {
  const { persona, people, redirectUri, log } = played
  const keys = await makeKeys(persona.keys)
  const provider = new Provider(persona.issuer, {
    adapter: memoryAdapter(),
    clients: [
      {
        client_id: persona.clientId,
        client_secret: persona.clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: keys.map(({ privateJwk }) => privateJwk) as never },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      // That of a session, which nobody keeps: no browser is to send it anywhere.
      long: { path: '/nowhere', httpOnly: true, sameSite: 'lax' },
    },
    scopes: ['openid', 'email', 'profile'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    routes: { authorization: persona.paths.authorization, token: persona.paths.token },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    ttl: {
      AccessToken: SECONDS.token,
      AuthorizationCode: SECONDS.code,
      Grant: SECONDS.token,
      IdToken: SECONDS.token,
      Interaction: SECONDS.choice,
      Session: SECONDS.choice,
    },
    interactions: { policy: askingWho(), url: (_ctx, { uid }) => `/${persona.name}/choose/${uid}` },
    findAccount: (_ctx, sub) => people.find(sub) && { accountId: sub, claims: () => ({ sub }) },
    loadExistingGrant: grantEverything,
    expiresWithSession: () => false,
    clientBasedCORS: () => false,
    renderError: (ctx, { error, error_description }) => {
      ctx.type = 'html'
      ctx.set('content-security-policy', ERROR_POLICY)
      ctx.body = errorPage(persona.title, 'That cannot be done', `${error_description ?? ''} (${error})`)
    },
  })
  const emitter: EventEmitter = provider
  emitter.on('server_error', (_ctx, error: Error) => log.error({ error }, 'stand-in of a provider failed'))
  emitter.on('error', (error: Error) => log.error({ error }, 'stand-in of a provider failed'))
  provider.use(async (ctx, next) => {
    await next()
    await answerLikeThem(ctx as KoaContextWithOIDC, played, keys)
  })
  return { provider, handle: provider.callback(), keys }
}

/** Consent is part of choosing, and so is whatever else may be prompted for. */
function askingWho() {
  const { base, Prompt } = interactionPolicy
  const policy = base()
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0)
  return policy
}

async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const grant = new oidc.provider.Grant({
    clientId: oidc.client?.clientId as string,
    accountId: oidc.session?.accountId as string,
  })
  grant.addOIDCScope('openid email profile')
  await grant.save()
  return grant
}

/** Makes what the library answers what the provider would have answered, or what a fault makes of it. */
async function answerLikeThem<Person extends object>(
  ctx: KoaContextWithOIDC,
  played: Played<Person>,
  keys: SigningKey[],
): Promise<void> {
  const { location = '' } = ctx.response.headers as { location?: string }
  if (location.startsWith(played.redirectUri)) return changeAnswer(ctx, new URL(location), played)
  const { body } = ctx as { body: unknown }
  if (ctx.status !== 200 || typeof body !== 'object' || body === null || !('id_token' in body)) return
  const { Account: account, AuthorizationCode: code } = ctx.oidc.entities
  const person = played.people.find(account?.accountId ?? '')
  if (!person) return
  body.id_token = await writeIdToken(person, {
    persona: played.persona,
    keys,
    nonce: code?.nonce,
    fault: played.faults.take(tokenFaults),
  })
}

/** Changes what a person is sent back with. */
async function changeAnswer<Person extends object>(
  ctx: KoaContextWithOIDC,
  answer: URL,
  { persona, faults }: Played<Person>,
): Promise<void> {
  const { searchParams } = answer
  if (!persona.namesItself) searchParams.delete('iss')
  if (!searchParams.has('code')) return ctx.redirect(answer.href)
  const fault = faults.take(answerFaults)
  switch (fault) {
    case 'swapped-iss':
      searchParams.set('iss', persona.otherIssuer)
      break
    case 'missing-iss':
      searchParams.delete('iss')
      break
    case 'replayed-code':
      await ctx.oidc.entities.AuthorizationCode?.consume()
      break
    case 'refused':
    case 'server-error':
      searchParams.delete('code')
      searchParams.set('error', fault === 'refused' ? 'access_denied' : 'server_error')
      break
  }
  ctx.redirect(answer.href)
}
