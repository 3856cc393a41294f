import { FrontgateProblem } from '@frontgate/client'
import { useBillingState, useClient, useSession } from '@frontgate/client/react'
import { useCallback, useEffect, useState } from 'react'
import type { Question, TreeNode } from '../src/trees/rules.ts'

export interface TreeInList {
  id: string
  name: string
  version: number
  nodes: number
  saved_at: string
}
export interface KeptTree {
  id: string
  name: string
  version: number
  nodes: TreeNode[]
}
export interface SessionInList {
  id: string
  tree_id: string
  tree_name: string
  tree_version: number
  person: string
  started_at: string
  ended_at: string | null
  outcome: 'solved' | 'handed-over' | 'given-up' | null
  summary: string
}
export interface Session extends SessionInList {
  nodes: TreeNode[]
  steps: { kind: 'answer' | 'back' | 'note'; node_id: string; text: string; taken_at: string }[]
  path: { node_id: string; answer: string }[]
  current: TreeNode
}
export interface Script {
  id: string
  name: string
  body: string
  parameters: string[]
}
export interface Suggestions {
  next: { answer: Question['answers'][number]['text']; score: number; words: string[] }[]
  trees: { id: string; name: string; score: number; words: string[] }[]
}

/** Calls this product's API as whoever is signed in. Refusals are thrown, Frontgate's and our own alike. */
export function useCall() {
  const client = useClient()
  const { refresh } = useBillingState()
  return useCallback(
    async <T>(method: string, path: string, body?: unknown): Promise<T> => {
      const reply = await client.fetch(path, {
        method,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      })
      const said = reply.status === 204 ? undefined : await reply.json()
      if (reply.ok) return said as T
      // The plan or the role is no longer what this page thinks: everything that shows it looks again.
      if (reply.status === 402 || reply.status === 403) void refresh()
      throw new FrontgateProblem(said)
    },
    [client, refresh],
  )
}

/** What a path of the API answers, kept up to date by `reload`; what was there stays beside the problem of a later look. */
export function useLoaded<T>(path: string) {
  const call = useCall()
  const [loaded, setLoaded] = useState<{ path: string; data: T | null; problem: unknown }>()
  const reload = useCallback(async () => {
    try {
      setLoaded({ path, data: await call<T>('GET', path), problem: null })
    } catch (problem) {
      setLoaded((before) => ({ path, data: before?.path === path ? before.data : null, problem }))
    }
  }, [call, path])
  useEffect(() => void reload(), [reload])
  const current = loaded?.path === path ? loaded : undefined
  const setData = (data: T) => setLoaded({ path, data, problem: null })
  return { data: current?.data ?? null, problem: current?.problem ?? null, reload, setData }
}

/** Something that a button does: whether it is under way, and what it was refused with. `run` says whether it worked. */
export function useAction() {
  const [state, setState] = useState<{ busy: boolean; problem: unknown }>({ busy: false, problem: null })
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setState({ busy: true, problem: null })
    try {
      await work()
      setState({ busy: false, problem: null })
      return true
    } catch (problem) {
      setState({ busy: false, problem })
      return false
    }
  }
  return { ...state, run }
}

/** What somebody types, kept in this tab until it is saved: also while it is refused, and while they are away to pay. */
export function useDraft<T>(name: string, empty: T): [draft: T, set: (draft: T) => void, forget: () => void] {
  // What was written for one account is nobody else's to see.
  const { user, account } = useSession()
  const key = `${user?.id} ${account?.id} ${name}`
  const [draft, setDraft] = useState<T>(() => JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? empty)
  const set = (next: T) => {
    sessionStorage.setItem(key, JSON.stringify(next))
    setDraft(next)
  }
  const forget = () => {
    sessionStorage.removeItem(key)
    setDraft(empty)
  }
  return [draft, set, forget]
}
