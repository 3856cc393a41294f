import { FrontgateUnreachable, problemOf, SessionChanged } from './problem.ts'
import type { components } from './schema.ts'
import { type Message, Tabs } from './tabs.ts'
import { type AccessToken, type Instant, instant, leftMs, sessionOf, type Tokens } from './tokens.ts'
import { unlessAborted } from './unlessAborted.ts'

export type User = components['schemas']['User']
export type AccountRef = components['schemas']['AccountRef']

/** Who is signed in, as far as is known. A snapshot: it never changes, another one takes its place. */
export interface Session {
  /** `loading` until the service has been asked for the first time, and has answered. */
  readonly status: 'loading' | 'signed-out' | 'signed-in'
  readonly user: User | null
  /** The account that calls are about; null for a user who is a member of none. */
  readonly account: AccountRef | null
  /** All that the user may switch to. */
  readonly accounts: readonly AccountRef[]
  /** The account asks for a second factor that has not proved this session: nothing of it opens until then. */
  readonly needsSecondFactor: boolean
  /** Why the service could not be asked the last time; null once it could. A session is kept through this. */
  readonly problem: Error | null
}

/** Where a program that is no browser keeps its refresh token. */
export interface TokenStore {
  load(): string | null | Promise<string | null>
  /**
   * Must have stored it when it returns: the token before it works for another 15 seconds only. Null when the session is
   * over. What is stored is as good as a password.
   */
  save(refreshToken: string | null): void | Promise<void>
}

/** An access token is good for at least this long when it is used. */
const MARGIN_MS = 30_000
/**
 * How long an answer is waited for while all tabs wait with it. One to a refresh that is lost leaves five of the 15 seconds in
 * which the service takes the same refresh token again.
 */
const ANSWER_MS = 10_000
/** A product that refuses a token does not have another one asked for more often than this. */
const REFUSED_AGAIN_MS = 30_000

/** What begins, changes or ends the session: nothing else gives its cookie. */
export const sessionOperations: ReadonlySet<string> = new Set([
  'POST /v1/auth/register',
  'POST /v1/auth/login',
  'POST /v1/auth/second-factor',
  'POST /v1/me/factors/prove',
  'POST /v1/auth/email/verify',
  'POST /v1/auth/refresh',
  'POST /v1/auth/switch-account',
  'POST /v1/auth/logout',
  'POST /v1/auth/logout-all',
])

/** These answer with another access token of the session that there is. */
const changesTheSession = ['/v1/auth/switch-account', '/v1/me/factors/prove']

const nobody = { user: null, account: null, accounts: [] as const, needsSecondFactor: false, problem: null }
const loading: Session = { status: 'loading', ...nobody }
const signedOut: Session = { status: 'signed-out', ...nobody }

interface KeeperOptions {
  url: string
  fetch: typeof fetch
  tokens: TokenStore | undefined
}

/** Keeps one session: its access token in memory, and who it is of. Asks nothing before it is asked. */
export class SessionKeeper {
  readonly #url: string
  readonly #fetch: typeof fetch
  readonly #store: TokenStore | undefined
  readonly #tabs: Tabs
  readonly #listeners = new Set<() => void>()
  #session = loading
  #token: AccessToken | null = null
  #tokens: Tokens | null = null
  #refreshing: Promise<void> | null = null
  #cutRefresh = () => {}
  /** Of `performance.now()`: when a product last refused the token that was at hand. */
  #refusedAt = Number.NEGATIVE_INFINITY
  /** Counts what begins, changes and ends the session: an answer that was asked for before is void. */
  #changes = 0
  /** Ids of sessions that are over: what still arrives of them is void. */
  readonly #ended = new Set<string>()
  /** Of a token that could not be stored: what is stored in its place, and the token. */
  #unsaved: { stored: string | null; token: string } | null = null

  constructor({ url, fetch, tokens }: KeeperOptions) {
    this.#url = url
    this.#fetch = fetch
    this.#store = tokens
    // Programs with tokens of their own may act for several people at once, and share nothing.
    const isShared = !tokens && 'location' in globalThis && typeof BroadcastChannel === 'function'
    this.#tabs = new Tabs(url, isShared, (message) => this.#hear(message))
  }

  get session(): Session {
    return this.#session
  }

  /** Whose calls are made now, and for which account; null while nobody is known to be signed in. */
  get caller(): string | null {
    const { user, account } = this.#session
    return user && `${user.id} ${account?.id}`
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
  async ready(): Promise<Session> {
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

  /**
   * Another token than the one that a product refused; null where none is to be had. A product that refuses for reasons of its
   * own, such as another audience, would otherwise have every call refresh.
   */
  async tokenBeside(refused: string): Promise<string | null> {
    if (this.#token?.text === refused && !this.#refreshing) {
      if (performance.now() - this.#refusedAt < REFUSED_AGAIN_MS) return null
      this.#refusedAt = performance.now()
    }
    return this.token(refused).catch((error) => {
      if (error instanceof SessionChanged) throw error
      return null
    })
  }

  /**
   * Sends a call that may begin, change or end the session, and takes over what comes of it. While it is under way no
   * tab sends another, so that the cookie and what is remembered are of the same session in the end.
   */
  change(request: Request): Promise<Response> {
    const changed = this.#tabs.alone(async () => {
      const asked = instant()
      const { response, text } = await this.#ask(request)
      if (response.ok) await this.#takeOver(new URL(request.url).pathname, text, asked)
      return response
    })
    return unlessAborted(request.signal, changed)
  }

  /** What ends the session, for a program that keeps its refresh token. */
  async stored(): Promise<string | null> {
    return (await this.#store?.load()) ?? null
  }

  /** Lets nobody wait for a refresh, here or in another tab, whose outcome does not matter any more. */
  leave(): void {
    this.#cutRefresh()
    this.#tabs.tell({ kind: 'leaving' })
  }

  /** Nobody is signed in any more: here, and in every tab. */
  async end(): Promise<void> {
    this.#tabs.tell({ kind: 'signed-out', session: this.#token && sessionOf(this.#token.text) })
    this.#forget()
    await this.#store?.save(null)
  }

  close(): void {
    this.#listeners.clear()
    this.#cutRefresh()
    this.#tabs.close()
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshAlone().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #refreshAlone(): Promise<void> {
    const changes = this.#changes
    try {
      await this.#tabs.alone(async (waited) => {
        if (waited) await this.#tabs.ask()
        // Another tab has done it meanwhile, or somebody signed in or out.
        if (this.#changes === changes) await this.#askForTokens()
      })
    } catch (error) {
      const isNews = this.#changes === changes && !(error instanceof SessionChanged)
      if (isNews) this.#show({ ...this.#session, problem: error as Error })
      throw error
    }
  }

  async #askForTokens(): Promise<void> {
    const changes = this.#changes
    const refreshToken = this.#store ? await this.#newestToken(await this.#store.load()) : undefined
    if (refreshToken === null) return this.#forget()
    const asked = instant()
    const { response, body } = await this.#post('/v1/auth/refresh', { refresh_token: refreshToken })
    if (this.#changes !== changes) return
    if (response.ok) return this.#adopt(body as Tokens, asked)
    const problem = problemOf(response, body)
    if (response.status !== 401 || problem.code !== 'session-expired') throw problem
    // Others will find out for themselves: somebody may have signed in there by now.
    this.#forget()
    await this.#store?.save(null)
  }

  #newestToken(stored: string | null): string | null {
    return this.#unsaved && this.#unsaved.stored === stored ? this.#unsaved.token : stored
  }

  async #post(path: string, fields: object): Promise<{ response: Response; body: unknown }> {
    const cut = new AbortController()
    this.#cutRefresh = () => cut.abort(new SessionChanged())
    const { response, text } = await this.#ask(
      new Request(`${this.#url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
        credentials: 'include',
        signal: cut.signal,
      }),
    )
    return { response, body: readJson(text) }
  }

  /** The whole answer to a call. It is given up when it takes too long, so that no tab waits for ever. */
  async #ask(request: Request): Promise<{ response: Response; text: string }> {
    // While it waited for its turn.
    if (request.signal.aborted) throw request.signal.reason
    const cut = new AbortController()
    const giveUp = () => cut.abort(request.signal.reason)
    request.signal.addEventListener('abort', giveUp)
    const timer = setTimeout(() => cut.abort(new Error(`No answer in ${ANSWER_MS / 1000} s`)), ANSWER_MS)
    const answer = async () => {
      const response = await this.#fetch(new Request(request, { signal: cut.signal }))
      return { response, text: await response.clone().text() }
    }
    try {
      return await unlessAborted(cut.signal, answer())
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason
      throw new FrontgateUnreachable(this.#url, cut.signal.reason ?? error)
    } finally {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', giveUp)
    }
  }

  async #takeOver(path: string, text: string, asked: Instant): Promise<void> {
    if (path.endsWith('/v1/auth/logout') || path.endsWith('/v1/auth/logout-all')) return this.end()
    const body = readJson(text) as Partial<Tokens> & { tokens?: Tokens }
    const tokens = body?.tokens ?? body
    if (!tokens?.access_token) return
    // A token that was asked for in another way than this client keeps it is for whoever asked for it.
    const isKept = this.#store
      ? tokens.refresh_token !== undefined || changesTheSession.some((end) => path.endsWith(end))
      : tokens.refresh_token === undefined
    if (isKept) await this.#adopt(tokens as Tokens, asked)
  }

  async #adopt(tokens: Tokens, asked: Instant): Promise<void> {
    const changes = this.#changes
    // Stored before it is used: whatever happens from here on, the session goes on.
    if (this.#store && tokens.refresh_token) await this.#save(this.#store, tokens.refresh_token)
    if (this.#changes !== changes) return
    this.#remember(tokens, { text: tokens.access_token, lifeMs: tokens.expires_in * 1000, ...asked })
    this.#tellTokens()
  }

  async #save(store: TokenStore, token: string): Promise<void> {
    this.#unsaved = { stored: await store.load(), token }
    await store.save(token)
    this.#unsaved = null
  }

  #remember(tokens: Tokens, token: AccessToken): void {
    if (this.#ended.has(sessionOf(token.text))) return
    this.#changes++
    this.#token = token
    this.#tokens = tokens
    const { user, account, accounts, needs_second_factor = false } = tokens
    const needsSecondFactor = needs_second_factor
    this.#show({ status: 'signed-in', user, account, accounts, needsSecondFactor, problem: null })
  }

  #forget(): void {
    this.#changes++
    if (this.#token) this.#ended.add(sessionOf(this.#token.text))
    this.#token = null
    this.#tokens = null
    this.#cutRefresh()
    this.#show(signedOut)
  }

  /** Those who listen hear of what differs, not of every refresh. */
  #show(session: Session): void {
    if (isSame(session, this.#session)) return
    this.#session = Object.freeze(session)
    for (const listener of [...this.#listeners]) listener()
  }

  #hear(message: Message): void {
    switch (message.kind) {
      case 'tokens': {
        const { tokens, date, leftMs: lifeMs } = message
        this.#remember(tokens, { text: tokens.access_token, lifeMs, ...instant(), sinceDate: date })
        return
      }
      case 'signed-out':
        // Nobody else who came in meanwhile.
        if (!this.#token || !message.session || message.session === sessionOf(this.#token.text))
          this.#forget()
        if (message.session) this.#ended.add(message.session)
        return
      case 'leaving':
        this.#cutRefresh()
        return
      case 'asked':
        if (this.#token && leftMs(this.#token) > MARGIN_MS) this.#tellTokens()
    }
  }

  #tellTokens(): void {
    if (!this.#token || !this.#tokens) return
    this.#tabs.tell({ kind: 'tokens', tokens: this.#tokens, leftMs: leftMs(this.#token), date: Date.now() })
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isSame({ problem, ...one }: Session, { problem: otherProblem, ...other }: Session): boolean {
  return problem === otherProblem && JSON.stringify(one) === JSON.stringify(other)
}
