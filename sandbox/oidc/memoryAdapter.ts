import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

interface Kept {
  payload: AdapterPayload
  until: number
}

/**
 * Keeps what the protocol needs for a while, in memory: whoever is between two steps at a restart begins anew. No
 * session is kept, so nobody stays signed in.
 */
export function memoryAdapter(): AdapterFactory {
  const everything = new Map<string, Kept>()

  function dropExpired(): void {
    for (const [key, { until }] of everything) if (until < Date.now()) everything.delete(key)
  }

  return (model): Adapter => {
    const find = (id: string) => {
      const kept = everything.get(`${model}:${id}`)
      return kept && kept.until >= Date.now() ? kept.payload : undefined
    }
    const findBy = (name: 'uid' | 'userCode', value: string) =>
      [...everything].find(
        ([key, { payload }]) => key.startsWith(`${model}:`) && payload[name] === value,
      )?.[1].payload
    return {
      async upsert(id, payload, expiresIn = Number.POSITIVE_INFINITY) {
        if (model === 'Session') return
        dropExpired()
        everything.set(`${model}:${id}`, { payload, until: Date.now() + expiresIn * 1000 })
      },
      find: async (id) => find(id),
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (userCode) => findBy('userCode', userCode),
      async consume(id) {
        const payload = find(id)
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        everything.delete(`${model}:${id}`)
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of everything) if (payload.grantId === grantId) everything.delete(key)
      },
    }
  }
}
