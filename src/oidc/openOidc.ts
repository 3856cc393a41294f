import type * as Client from 'openid-client'
import type { Config } from '../config.ts'
import { type Log, withoutAddresses } from '../http/log.ts'
import { Problem, problem } from '../problems.ts'
import {
  GOOGLE_ISSUER,
  type Identity,
  type ProviderName,
  type Reading,
  readGoogle,
  readMicrosoft,
} from './rules.ts'

/** What an answer must fit, beside the request it answers. */
export interface Expected {
  state: string
  nonce: string
  codeVerifier: string
}

/** What a person is sent to a provider with. */
export interface Question extends Expected {
  redirectUri: string
  loginHint?: string | undefined
  prompt?: string | undefined
}

/**
 * Google and Microsoft, as far as there are keys for them. Throws `oauth-not-configured` for one without, and
 * `oauth-unavailable` while one does not answer.
 */
export interface Oidc {
  readonly providers: readonly ProviderName[]
  /** Where to send a person. */
  authorizationUrl: (provider: ProviderName, question: Question) => Promise<URL>
  /**
   * Takes what a person came back with for who they are. `callback` is the whole address they came to. Throws
   * `oauth-canceled`, `oauth-not-allowed`, and `oauth-failed` for everything that does not fit.
   */
  redeem: (provider: ProviderName, callback: URL, expected: Expected) => Promise<Identity>
}

interface Provider {
  /** Where its metadata is, by OpenID Connect Discovery. */
  server: URL
  clientId: string
  clientSecret: string
  /** `keyIssuer` is the `issuer` of the key that signed, a member of Microsoft's own. */
  read: (claims: Record<string, unknown>, keyIssuer: string | null) => Reading
}

const SCOPE = 'openid email profile'
type Fetch = typeof globalThis.fetch

const ANSWER_WITHIN_SECONDS = 8
/** Endpoints hardly move; keys are looked up anew by openid-client when one is unknown. */
const METADATA_LIVES_MS = 3_600_000
const RETRY_AFTER_SECONDS = 5

/** Opens the providers that have keys. Nothing is loaded or sent until somebody signs in. */
export function openOidc(config: Config, { fetch, log }: { fetch: Fetch; log: Log }): Oidc {
  const known = configuredIn(config)
  const discovered = new Map<ProviderName, { until: number; configuration: Promise<Client.Configuration> }>()

  function configurationOf(name: ProviderName, provider: Provider): Promise<Client.Configuration> {
    const earlier = discovered.get(name)
    if (earlier && performance.now() < earlier.until) return earlier.configuration
    const fresh = discover(provider, fetch)
    // What was true an hour ago most likely still is.
    const configuration = earlier ? fresh.catch(() => earlier.configuration) : fresh
    discovered.set(name, { until: performance.now() + METADATA_LIVES_MS, configuration })
    // What failed is asked again by the next who comes.
    configuration.catch(() => discovered.delete(name))
    return configuration
  }

  async function asked<T>(
    name: ProviderName,
    work: (configuration: Client.Configuration, provider: Provider) => Promise<T>,
  ): Promise<T> {
    const provider = known[name]
    if (!provider) throw problem('oauth-not-configured')
    try {
      return await work(await configurationOf(name, provider), provider)
    } catch (error) {
      const refusal = refusalOf(error)
      log.warn({ provider: name, code: refusal.code, ...reasonOf(error) }, 'sign-in with a provider failed')
      throw refusal
    }
  }

  return {
    providers: Object.keys(known) as ProviderName[],
    authorizationUrl: (name, question) =>
      asked(name, async (configuration) => {
        const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await load()
        const { redirectUri, state, nonce, codeVerifier, loginHint, prompt } = question
        return buildAuthorizationUrl(configuration, {
          redirect_uri: redirectUri,
          scope: SCOPE,
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
          ...(loginHint && { login_hint: loginHint }),
          ...(prompt && { prompt }),
        })
      }),
    redeem: (name, callback, { state, nonce, codeVerifier }) =>
      asked(name, async (configuration, provider) => {
        const { authorizationCodeGrant, getJwksCache } = await load()
        const tokens = await authorizationCodeGrant(configuration, callback, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (!claims || !tokens.id_token) throw problem('oauth-failed')
        const keyIssuer = issuerOfKey(tokens.id_token, getJwksCache(configuration)?.jwks.keys ?? [])
        return identityFrom(provider.read(claims, keyIssuer))
      }),
  }
}

function configuredIn(config: Config): Partial<Record<ProviderName, Provider>> {
  const { googleClientId, googleClientSecret, microsoftClientId, microsoftClientSecret } = config
  return {
    ...(googleClientId &&
      googleClientSecret && {
        google: {
          server: new URL(GOOGLE_ISSUER),
          clientId: googleClientId,
          clientSecret: googleClientSecret.reveal(),
          read: (claims) => readGoogle(claims, { hostedDomains: config.googleHostedDomains }),
        },
      }),
    ...(microsoftClientId &&
      microsoftClientSecret && {
        microsoft: {
          server: new URL(`https://login.microsoftonline.com/${config.microsoftTenant}/v2.0`),
          clientId: microsoftClientId,
          clientSecret: microsoftClientSecret.reveal(),
          read: (claims, keyIssuer) => {
            const { microsoftTenant: tenant, microsoftAllowedTenants: allowedTenants } = config
            return readMicrosoft(claims, keyIssuer, { tenant, allowedTenants })
          },
        },
      }),
  }
}

async function discover(
  { server, clientId, clientSecret }: Provider,
  fetch: Fetch,
): Promise<Client.Configuration> {
  const { discovery, enableNonRepudiationChecks, customFetch } = await load()
  try {
    return await discovery(server, clientId, clientSecret, undefined, {
      [customFetch]: fetch as Client.CustomFetch,
      timeout: ANSWER_WITHIN_SECONDS,
      // Otherwise the signature of an ID token that comes from the token endpoint is not looked at.
      execute: [enableNonRepudiationChecks],
    })
  } catch (cause) {
    throw new Undiscovered('The metadata of the provider cannot be read', { cause })
  }
}

class Undiscovered extends Error {}

/** Loaded when it is first needed: most processes never sign anybody in this way. */
function load(): Promise<typeof Client> {
  return import('openid-client')
}

function issuerOfKey(idToken: string, keys: Record<string, unknown>[]): string | null {
  const [header = ''] = idToken.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: unknown }
  const issuer = typeof kid === 'string' ? keys.find((key) => key.kid === kid)?.issuer : undefined
  return typeof issuer === 'string' ? issuer : null
}

function identityFrom(reading: Reading): Identity {
  switch (reading.kind) {
    case 'identity':
      return reading.identity
    case 'not-allowed':
      throw problem('oauth-not-allowed', undefined, { detail: reading.detail })
    case 'unfit':
      throw problem('oauth-failed', undefined, { detail: reading.detail })
  }
}

/** What openid-client's errors mean for the person who wants to come in. */
function refusalOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { error: answered, code } = error as { error?: unknown; code?: unknown }
  if (answered === 'access_denied' || answered === 'consent_required') return problem('oauth-canceled')
  return isOutage(error, answered, code)
    ? problem('oauth-unavailable', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS })
    : problem('oauth-failed')
}

function isOutage(error: unknown, answered: unknown, code: unknown): boolean {
  if (error instanceof Undiscovered) return true
  // What fetch throws where nobody answers.
  if (error instanceof TypeError || code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT') return true
  if (answered === 'temporarily_unavailable' || answered === 'server_error') return true
  const { cause } = error as { cause?: unknown }
  return cause instanceof Response && cause.status >= 500
}

/** Words of openid-client's own, and of RFC 6749: nothing that a person or a provider has written. */
function reasonOf(error: unknown) {
  const { message, code, error: answered, cause } = error as Record<string, unknown>
  const oauthError = typeof answered === 'string' && /^[a-z_]{1,40}$/.test(answered) ? answered : undefined
  return {
    reason: withoutAddresses(String(message)),
    ...(typeof code === 'string' && { reasonCode: code }),
    ...(oauthError && { oauthError }),
    ...(cause instanceof Error && { cause: withoutAddresses(cause.message) }),
  }
}
