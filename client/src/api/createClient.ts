import openApiClient, { type Client } from 'openapi-fetch'
import { sendAuthorized } from './authorize.ts'
import { problemOf, unwrap } from './problem.ts'
import { openOperations, type paths } from './schema.ts'
import { type Session, SessionKeeper, sessionOperations, type TokenStore } from './session.ts'

export interface ClientOptions {
  /** Where the service is, as its PUBLIC_URL says. Default: the origin of the page. */
  url?: string
  /** What requests are made with. Default: the one of the platform. */
  fetch?: typeof fetch
  /**
   * Where the refresh token is kept, for programs: they have no cookie, which is what browsers keep a session by.
   * Without it outside a browser, a session ends with its first access token.
   */
  tokens?: TokenStore
}

type Body<Path extends '/v1/auth/register' | '/v1/auth/login' | '/v1/auth/second-factor'> = Omit<
  paths[Path]['post']['requestBody']['content']['application/json'],
  'token_delivery'
>
export type RegisterBody = Body<'/v1/auth/register'>
export type SignInBody = Body<'/v1/auth/login'>
export type ProofBody = Body<'/v1/auth/second-factor'>

export interface SignInUrlOptions {
  /** A path at the service, or an address at one of PRODUCT_ORIGINS. Default: the page that is shown, where there is one. */
  returnTo?: string
  /** Of an invite's mail: whoever comes in accepts it. */
  inviteToken?: string
  /** Which of their accounts at the provider to suggest: an address. */
  loginHint?: string
}

/**
 * Signs people in and speaks the API as whoever is signed in. The access token is in memory only; it is refreshed when a
 * call needs it, once for all calls and tabs that wait for it.
 */
export interface FrontgateClient {
  /**
   * Every operation of the API, typed: `client.api.GET('/v1/billing/state')`. Replies are `{ data, error, response }`
   * ({@link unwrap} throws instead); it rejects where there is no answer at all.
   */
  readonly api: Client<paths>
  /** Who is signed in, as far as is known; the same object until something about it changes. */
  readonly session: Session
  /** Calls back when `session` is another one. Returns what ends that. Made for React's `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void
  /**
   * Who is signed in, having asked the service once. Never rejects: where that could not be found out, the status is
   * `loading` still, `problem` says why, and the next call asks again.
   */
  ready(): Promise<Session>
  /** A token that is good for at least another 30 seconds; null when nobody is signed in. Rejects when it cannot be refreshed. */
  accessToken(): Promise<string | null>
  /**
   * `fetch` for the product's own API, as whoever is signed in: give it no other addresses, whoever runs them could use the
   * token. A call that is answered 401 is made again once with a newer token, unless its body is a stream; where none is to
   * be had, or one was fetched for such an answer within the last half minute, that answer comes back.
   */
  readonly fetch: typeof fetch
  /**
   * Creates a user and signs them in. With REGISTRATION_PRIVACY=strict nobody is signed in by this: a mail says how to go on.
   *
   * @throws {FrontgateProblem} `email-already-registered`, `weak-password`, `self-serve-disabled` and others.
   */
  register(body: RegisterBody): Promise<Session>
  /**
   * @throws {FrontgateProblem} `second-factor-required` where that was right and {@link proveFactor} is next: its `members` say
   *   by what (`methods`, `passkey`); `invalid-credentials`, `use-oauth-provider`, `too-many-requests`
   */
  signIn(body: SignInBody): Promise<Session>
  /**
   * The second step of {@link signIn}: with one of `code`, `recovery_code` and `passkey`, and the `challenge` of the refusal, which
   * a browser holds in a cookie too. A passkey answers on pages of the service alone: `/sign-in/second-factor` there goes on with it.
   *
   * @throws {FrontgateProblem} `wrong-second-factor`, `challenge-over`, `too-many-requests`
   */
  proveFactor(body: ProofBody): Promise<Session>
  /** Ends the session at the service and then in all tabs. Rejects, and leaves them signed in, where the service does not answer. */
  signOut(): Promise<void>
  /**
   * Makes another account of the user the one that calls are about, in all tabs: the service keeps that with the session,
   * so that a choice of one tab would be undone by the next refresh of another.
   */
  switchAccount(accountId: string): Promise<Session>
  /** Where to send a visitor who signs in with a provider. They come back with the session. */
  signInUrl(provider: 'google' | 'microsoft', options?: SignInUrlOptions): string
  /** The page of the service that takes the second step of a sign-in, with a passkey too. It leads back with the session. */
  secondFactorUrl(options?: Pick<SignInUrlOptions, 'returnTo'>): string
  /** Stops listening to other tabs, and telling subscribers. */
  close(): void
}

/** Makes the client of one service. It asks nothing before it is needed; make one per page, or per person a program acts for. */
export function createClient(options: ClientOptions = {}): FrontgateClient {
  const url = baseUrlOf(options)
  const plainFetch: typeof fetch = options.fetch ?? ((...args) => globalThis.fetch(...args))
  const keeper = new SessionKeeper({ url, fetch: plainFetch, tokens: options.tokens })
  const delivery = options.tokens ? ({ token_delivery: 'body' } as const) : {}

  const api = openApiClient<paths>({
    baseUrl: url,
    credentials: 'include',
    fetch: (request) => {
      const operation = `${request.method} ${request.url.slice(url.length).split('?', 1)[0]}`
      const send = sessionOperations.has(operation) ? (call: Request) => keeper.change(call) : plainFetch
      return sendAuthorized(keeper, { request, send, isOpen: openOperations.has(operation) })
    },
  })

  return {
    api,
    get session() {
      return keeper.session
    },
    subscribe: (listener) => keeper.subscribe(listener),
    ready: () => keeper.ready(),
    accessToken: () => keeper.token(),
    fetch: async (input, init) => {
      const isRepeatable = !(init?.body instanceof ReadableStream)
      const request = new Request(input, init)
      // A product may refuse what the service would not.
      const newer = (refused: string) => keeper.tokenBeside(refused)
      return sendAuthorized(keeper, { request, send: plainFetch, newer, isRepeatable })
    },
    async register(body) {
      unwrap(await api.POST('/v1/auth/register', { body: { ...body, ...delivery } }))
      return keeper.ready()
    },
    async signIn(body) {
      unwrap(await api.POST('/v1/auth/login', { body: { ...body, ...delivery } }))
      return keeper.session
    },
    async proveFactor(body) {
      unwrap(await api.POST('/v1/auth/second-factor', { body: { ...body, ...delivery } }))
      return keeper.session
    },
    async signOut() {
      keeper.leave()
      const refreshToken = await keeper.stored()
      const body = refreshToken === null ? {} : { refresh_token: refreshToken }
      const { error, response } = await api.POST('/v1/auth/logout', { body })
      // 401: there was no session to end.
      if (!response.ok && response.status !== 401) throw problemOf(response, error)
      if (keeper.session.status !== 'signed-out') await keeper.end()
    },
    async switchAccount(accountId) {
      unwrap(await api.POST('/v1/auth/switch-account', { body: { account_id: accountId } }))
      return keeper.session
    },
    signInUrl(provider, { returnTo = globalThis.location?.href, inviteToken, loginHint } = {}) {
      const query = { return_to: returnTo, invite_token: inviteToken, login_hint: loginHint }
      const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
      return `${url}/v1/auth/oauth/${provider}/start?${new URLSearchParams(given)}`
    },
    secondFactorUrl({ returnTo = globalThis.location?.href } = {}) {
      const query = new URLSearchParams(returnTo === undefined ? {} : { return_to: returnTo })
      return `${url}/sign-in/second-factor?${query}`
    },
    close: () => keeper.close(),
  }
}

/** Where the service is; throws where that is not said and there is no page to tell. */
export function baseUrlOf({ url = globalThis.location?.origin }: Pick<ClientOptions, 'url'>): string {
  if (url) return new URL(url, globalThis.location?.href).href.replace(/\/+$/, '')
  throw new TypeError('The client needs `url` here: there is no page whose origin could be meant')
}
