import { useSyncExternalStore } from 'react'
import { useClient } from './frontgateProvider.tsx'
import { type KnownState, LOADING, watchBillingState } from './watchBillingState.ts'

export interface BillingStateNow extends KnownState {
  /** Looks again, now: after paying, or when the product's own API has refused. */
  refresh: () => Promise<void>
}

/**
 * What the current account is on, why, until when, and what it has used (GET /v1/billing/state).
 *
 * All components of a page share one fetch. It is repeated after sign-in and after another account was chosen, when the
 * page is looked at again after a minute, when a trial or a period ends while it is looked at, and by `refresh()`. The
 * state of one account is never shown while another is current.
 */
export function useBillingState(): BillingStateNow {
  const watch = watchBillingState(useClient())
  const known = useSyncExternalStore(watch.subscribe, watch.current, () => LOADING)
  return { ...known, refresh: watch.refresh }
}

/** The service's time, as far as it is known. */
export function useServiceTime(): () => Date {
  return watchBillingState(useClient()).now
}
