import type { Client } from 'openapi-fetch'
import type { TokenKeeper } from './authorize.ts'
import { FrontgateUnreachable, problemOf, unwrap } from './problem.ts'
import type { components, paths } from './schema.ts'
import { type AccessToken, type Instant, instant, leftMs } from './tokens.ts'

type Tokens = components['schemas']['OperatorTokens']
export type Operator = Tokens['operator']

/** Which operator is signed in, as far as is known. A snapshot: it never changes, another one takes its place. */
export interface OperatorSession {
  /** `loading` until the service has been asked for the first time, and has answered. */
  readonly status: 'loading' | 'signed-out' | 'signed-in'
  readonly operator: Operator | null
  /** Nothing is open to them but setting up a second factor; `refresh` finds out that they have. */
  readonly hasToSetUp: boolean
  /** Why the service could not be asked the last time; null once it could. A session is kept through this. */
  readonly problem: Error | null
}

/** An access token is good for at least this long when it is used. */
const MARGIN_MS = 30_000

const nobody = { operator: null, hasToSetUp: false, problem: null } as const
const loading: OperatorSession = { status: 'loading', ...nobody }
const signedOut: OperatorSession = { status: 'signed-out', ...nobody }

/** What proves a second factor: one of these. */
export type OperatorProof = Omit<
  paths['/v1/operator/auth/second-factor']['post']['requestBody']['content']['application/json'],
  'challenge'
>

/**
 * Keeps the session of one operator: its access token in memory, and who it is of. Its cookie stays the same as long as the
 * session lives, so that tabs need not agree: each refreshes for itself, and finds out at its next call when another signed out.
 */
export class OperatorKeeper implements TokenKeeper {
  readonly #url: string
  /** Without a token, as these operations are called. */
  readonly #open: Client<paths>
  readonly #listeners = new Set<() => void>()
  #session = loading
  #token: AccessToken | null = null
  #refreshing: Promise<void> | null = null
  /** Counts what begins and ends the session: a refresh that was asked for before is void. */
  #changes = 0

  constructor(url: string, open: Client<paths>) {
    this.#url = url
    this.#open = open
  }

  get session(): OperatorSession {
    return this.#session
  }

  /** Whose calls are made now; null while nobody is known to be signed in. */
  get caller(): string | null {
    return this.#session.operator?.id ?? null
  }

  /** The token as it is, without asking for a newer one. */
  get tokenAtHand(): string | null {
    return this.#token && leftMs(this.#token) > 0 ? this.#token.text : null
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Asks the service who is signed in, unless that is known. Never rejects: `problem` says why nothing is known. */
  async ready(): Promise<OperatorSession> {
    if (this.#session.status === 'loading') await this.#refresh().catch(() => {})
    return this.#session
  }

  /** A token that is good for a while and is not the one that was refused; null when nobody is signed in. */
  async token(refused: string | null = null): Promise<string | null> {
    if (this.#session.status === 'signed-out') return null
    const token = this.#token
    if (token && token.text !== refused && leftMs(token) > MARGIN_MS) return token.text
    await this.#refresh()
    return this.#token?.text ?? null
  }

  async signIn(mailedToken: string): Promise<OperatorSession> {
    const asked = instant()
    const reply = await this.#reached(
      this.#open.POST('/v1/operator/auth/sign-in', { body: { token: mailedToken } }),
    )
    this.#changes++
    this.#takeOver(unwrap(reply), asked)
    return this.#session
  }

  async proveFactor(challenge: string, proof: OperatorProof): Promise<OperatorSession> {
    const asked = instant()
    const reply = await this.#reached(
      this.#open.POST('/v1/operator/auth/second-factor', { body: { challenge, ...proof } }),
    )
    this.#changes++
    this.#takeOver(unwrap(reply), asked)
    return this.#session
  }

  /** Asks the service anew. */
  async refresh(): Promise<OperatorSession> {
    await this.#refresh()
    return this.#session
  }

  async signOut(): Promise<void> {
    const { error, response } = await this.#reached(
      this.#open.POST('/v1/operator/auth/sign-out', { body: {} }),
    )
    if (!response.ok) throw problemOf(response, error)
    this.#forget()
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#askForTokens().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #askForTokens(): Promise<void> {
    const changes = this.#changes
    const asked = instant()
    try {
      const reply = await this.#reached(this.#open.POST('/v1/operator/auth/refresh', { body: {} }))
      if (this.#changes !== changes) return
      if (reply.response.status === 401) this.#forget()
      else this.#takeOver(unwrap(reply), asked)
    } catch (error) {
      if (this.#changes === changes) this.#show({ ...this.#session, problem: error as Error })
      throw error
    }
  }

  async #reached<R>(reply: Promise<R>): Promise<R> {
    try {
      return await reply
    } catch (error) {
      throw new FrontgateUnreachable(this.#url, error)
    }
  }

  #takeOver(tokens: Tokens, asked: Instant): void {
    const { access_token: text, expires_in, operator, second_factor_setup_required: hasToSetUp } = tokens
    this.#token = { text, lifeMs: expires_in * 1000, ...asked }
    this.#show({ status: 'signed-in', operator, hasToSetUp, problem: null })
  }

  #forget(): void {
    this.#changes++
    this.#token = null
    this.#show(signedOut)
  }

  /** Those who listen hear of what differs, not of every refresh. */
  #show(session: OperatorSession): void {
    const { status, operator, hasToSetUp, problem } = this.#session
    const isSame = status === session.status && operator?.id === session.operator?.id
    const mayTheSame = operator?.role === session.operator?.role && hasToSetUp === session.hasToSetUp
    if (isSame && mayTheSame && problem === session.problem) return
    this.#session = Object.freeze(session)
    for (const listener of [...this.#listeners]) listener()
  }
}
