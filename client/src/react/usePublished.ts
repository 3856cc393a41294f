import { useSyncExternalStore } from 'react'
import type { FrontgateClient } from '../api/createClient.ts'
import { unwrap } from '../api/problem.ts'
import type { components } from '../api/schema.ts'
import { useClient } from './frontgateProvider.tsx'

type Plan = components['schemas']['Plan']
type PublicConfig = components['schemas']['PublicConfig']

/** Something that is the same for everybody, fetched once for all components. */
interface Published<T> {
  data: T | null
  problem: Error | null
}

interface Look<T> {
  subscribe: (listener: () => void) => () => void
  current: () => Published<T>
  again: () => void
}

const STALE_MS = 5 * 60_000
const NOT_KNOWN = { data: null, problem: null }

const plans = new WeakMap<FrontgateClient, Look<Plan[]>>()
const configs = new WeakMap<FrontgateClient, Look<PublicConfig>>()

/** The plans for sale, from the lowest to the highest (GET /v1/plans). */
export function usePlans(): Published<Plan[]> & { again: () => void } {
  return usePublished(plans, async (client) => unwrap(await client.api.GET('/v1/plans')).data)
}

/** What is switched on at the service (GET /v1/config). */
export function useConfig(): Published<PublicConfig> & { again: () => void } {
  return usePublished(configs, async (client) => unwrap(await client.api.GET('/v1/config')))
}

function usePublished<T>(
  looks: WeakMap<FrontgateClient, Look<T>>,
  load: (client: FrontgateClient) => Promise<T>,
): Published<T> & { again: () => void } {
  const client = useClient()
  const look = looks.get(client) ?? makeLook(() => load(client))
  looks.set(client, look)
  const known = useSyncExternalStore(look.subscribe, look.current, () => NOT_KNOWN)
  return { ...known, again: look.again }
}

function makeLook<T>(load: () => Promise<T>): Look<T> {
  const listeners = new Set<() => void>()
  let known: Published<T> = NOT_KNOWN
  let isLooking = false
  let lookedAt = 0

  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      known = { data: await load(), problem: null }
      lookedAt = Date.now()
    } catch (thrown) {
      known = { data: known.data, problem: thrown instanceof Error ? thrown : new Error(String(thrown)) }
    } finally {
      isLooking = false
    }
    for (const listener of [...listeners]) listener()
  }

  return {
    subscribe(listener) {
      listeners.add(listener)
      if (Date.now() - lookedAt >= STALE_MS) void look()
      return () => listeners.delete(listener)
    },
    current: () => known,
    again: () => void look(),
  }
}
