import type { FrontgateClient } from '../api/createClient.ts'
import { FrontgateProblem, unwrap } from '../api/problem.ts'
import type { components } from '../api/schema.ts'
import { nextChange } from './rules.ts'
import { followServiceClock } from './serviceClock.ts'

type BillingState = components['schemas']['BillingState']

/** What is known of the current account's billing. */
export interface KnownState {
  /** Null until it is known, while nobody is signed in, and while there is no account. */
  state: BillingState | null
  /** Why the last look came to nothing; what was known before stays beside it. */
  problem: Error | null
  /** Nothing is known yet, and somebody is looking. */
  isLoading: boolean
}

export interface BillingWatch {
  subscribe: (listener: () => void) => () => void
  current: () => KnownState
  /** Looks again, now. Resolves when it has been looked, whatever came of it. */
  refresh: () => Promise<void>
  /** The service's time. */
  now: () => Date
}

const NOTHING: KnownState = { state: null, problem: null, isLoading: false }
export const LOADING: KnownState = { state: null, problem: null, isLoading: true }

const STALE_MS = 60_000
const RETRY_MS = 30_000
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** Asked this much after the instant at which something ends, so that it has ended by the service's clock too. */
const MARGIN_MS = 1000

const watches = new WeakMap<FrontgateClient, BillingWatch>()

/** The one watch of a client: all components of a page share it, and what it fetches. */
export function watchBillingState(client: FrontgateClient): BillingWatch {
  const found = watches.get(client) ?? makeWatch(client)
  watches.set(client, found)
  return found
}

function makeWatch(client: FrontgateClient): BillingWatch {
  const listeners = new Set<() => void>()
  const clock = followServiceClock(client)
  /** Whose state is known: a user in an account, and the role in it. */
  let owner: string | null = null
  let known = NOTHING
  let etag: string | null = null
  let lookedAt = 0
  let looking: { ended: Promise<void>; abort: AbortController } | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  /** The state of one account is never handed out once another is current, whoever hears of the switch first. */
  function current(): KnownState {
    const now = ownerOf(client)
    if (now === owner) return known
    return now === null && client.session.status !== 'loading' ? NOTHING : LOADING
  }

  function tell(next: KnownState): void {
    known = next
    for (const listener of [...listeners]) listener()
  }

  function follow(): void {
    const now = ownerOf(client)
    if (now === owner) return
    owner = now
    etag = null
    lookedAt = 0
    looking?.abort.abort()
    looking = null
    clearTimeout(timer)
    tell(now === null ? (client.session.status === 'loading' ? LOADING : NOTHING) : LOADING)
    if (now !== null) void refresh()
  }

  function refresh(): Promise<void> {
    if (ownerOf(client) !== owner) follow()
    if (owner === null) return Promise.resolve()
    // Whoever asks has a reason to: what was asked before may have been answered before it.
    looking?.abort.abort()
    const abort = new AbortController()
    const ended = look(owner, abort.signal)
    looking = { ended, abort }
    return ended
  }

  async function look(whose: string, signal: AbortSignal): Promise<void> {
    lookedAt = Date.now()
    const isOver = () => signal.aborted || whose !== owner || whose !== ownerOf(client)
    try {
      const reply = await client.api.GET('/v1/billing/state', {
        headers: etag === null ? {} : { 'if-none-match': etag },
        signal,
      })
      const isSame = reply.response.status === 304
      const state = isSame ? known.state : unwrap(reply)
      await clock.set()
      if (isOver()) return
      if (state && state.account_id !== client.session.account?.id) throw new Error('The account has changed')
      if (!isSame) etag = reply.response.headers.get('etag')
      tell({ state, problem: null, isLoading: false })
    } catch (thrown) {
      if (isOver()) return
      const isRefused = thrown instanceof FrontgateProblem && thrown.status === 403
      if (isRefused) etag = null
      tell({
        state: isRefused ? null : known.state,
        problem: thrown instanceof Error ? thrown : new Error(String(thrown)),
        isLoading: false,
      })
    } finally {
      if (looking?.abort.signal === signal) looking = null
      if (!isOver()) lookAgainInTime()
    }
  }

  function lookAgainInTime(): void {
    clearTimeout(timer)
    if (listeners.size === 0) return
    const change = known.state && nextChange(known.state, clock.now())
    const wait = change && change.getTime() - clock.now().getTime() + MARGIN_MS
    if (known.problem || (wait !== null && wait <= 0)) timer = setTimeout(lookIfSeen, RETRY_MS)
    else if (wait !== null && wait < LONGEST_TIMER_MS) timer = setTimeout(lookIfSeen, wait)
  }

  function lookIfSeen(): void {
    if (document.visibilityState !== 'hidden') void refresh()
  }

  function lookIfStale(): void {
    if (document.visibilityState === 'hidden' || looking) return
    if (Date.now() - lookedAt >= STALE_MS) void refresh()
  }

  let stop = () => {}
  function start(): void {
    const stopFollowing = client.subscribe(follow)
    addEventListener('focus', lookIfStale)
    addEventListener('pageshow', lookIfRestored)
    document.addEventListener('visibilitychange', lookIfStale)
    stop = () => {
      stopFollowing()
      removeEventListener('focus', lookIfStale)
      removeEventListener('pageshow', lookIfRestored)
      document.removeEventListener('visibilitychange', lookIfStale)
      clearTimeout(timer)
    }
    follow()
    if (owner !== null && !looking) {
      lookIfStale()
      lookAgainInTime()
    }
  }

  /** The way back from Stripe's pages shows the page as it was left. */
  function lookIfRestored(event: PageTransitionEvent): void {
    if (event.persisted) void refresh()
  }

  return {
    subscribe(listener) {
      listeners.add(listener)
      if (listeners.size === 1) start()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) stop()
      }
    },
    current,
    refresh,
    now: clock.now,
  }
}

function ownerOf({ session }: FrontgateClient): string | null {
  const { status, user, account } = session
  return status === 'signed-in' && user && account ? `${user.id} ${account.id} ${account.role}` : null
}
