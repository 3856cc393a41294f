import openApiClient, { type Client } from 'openapi-fetch'
import { sendAuthorized } from './authorize.ts'
import { baseUrlOf, type ClientOptions } from './createClient.ts'
import { OperatorKeeper, type OperatorProof, type OperatorSession } from './operatorSession.ts'
import { unwrap } from './problem.ts'
import { openOperations, type paths } from './schema.ts'

export type OperatorClientOptions = Pick<ClientOptions, 'url' | 'fetch'>

/**
 * Signs operators in and speaks the API as whoever is. Operators are no users: their session is another one, with a cookie of
 * its own, which the service takes from its own pages only. The access token is in memory only; it is refreshed when a call
 * needs it, once for all calls that wait for it.
 */
export interface OperatorClient {
  /** Every operation of the API, typed; those for operators are below `/v1/operator/`. */
  readonly api: Client<paths>
  /** Who is signed in, as far as is known; the same object until something about it changes. */
  readonly session: OperatorSession
  /** Calls back when `session` is another one. Returns what ends that. Made for React's `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void
  /**
   * Who is signed in, having asked the service once. Never rejects: where that could not be found out, the status is
   * `loading` still, `problem` says why, and the next call asks again.
   */
  ready(): Promise<OperatorSession>
  /**
   * Has a link mailed to an operator that leads to `/operator/sign-in?token=…`. Whether the address is one's is not said.
   *
   * @throws {FrontgateProblem} `too-many-requests`, `invalid-request`
   */
  askForLink(email: string): Promise<void>
  /**
   * Signs in with the token of the link.
   *
   * @throws {FrontgateProblem} `token-unknown`, `token-expired`, `token-used`, `token-superseded`; `second-factor-required`,
   * whose members `challenge`, `methods` and `passkey` are what `proveFactor` goes on with
   */
  signIn(token: string): Promise<OperatorSession>
  /**
   * Signs in with what proves the second factor, after a link that was right.
   *
   * @throws {FrontgateProblem} `wrong-second-factor`, `challenge-over`, `too-many-requests`
   */
  proveFactor(challenge: string, proof: OperatorProof): Promise<OperatorSession>
  /** Asks the service anew who is signed in and what they may. */
  refresh(): Promise<OperatorSession>
  /** Ends the session at the service and then here. Rejects, and leaves it as it is, where the service does not answer. */
  signOut(): Promise<void>
}

/** Makes the client of the operators of one service. It asks nothing before it is needed; make one per page. */
export function createOperatorClient(options: OperatorClientOptions = {}): OperatorClient {
  const url = baseUrlOf(options)
  const plainFetch: typeof fetch = options.fetch ?? ((...args) => globalThis.fetch(...args))
  const shared = { baseUrl: url, credentials: 'include' } as const
  const open = openApiClient<paths>({ ...shared, fetch: (request) => plainFetch(request) })
  const keeper = new OperatorKeeper(url, open)

  const api = openApiClient<paths>({
    ...shared,
    fetch: (request) => {
      const operation = `${request.method} ${request.url.slice(url.length).split('?', 1)[0]}`
      const send = (call: Request) => plainFetch(call)
      return openOperations.has(operation) ? send(request) : sendAuthorized(keeper, { request, send })
    },
  })

  return {
    api,
    get session() {
      return keeper.session
    },
    subscribe: (listener) => keeper.subscribe(listener),
    ready: () => keeper.ready(),
    async askForLink(email) {
      unwrap(await open.POST('/v1/operator/auth/link', { body: { email } }))
    },
    signIn: (token) => keeper.signIn(token),
    proveFactor: (challenge, proof) => keeper.proveFactor(challenge, proof),
    refresh: () => keeper.refresh(),
    signOut: () => keeper.signOut(),
  }
}
