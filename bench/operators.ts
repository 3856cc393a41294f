import type { Running } from './programs.ts'
import type { Stage } from './stage.ts'

/** What an operator asks of the service over HTTP. */
export interface Operator {
  makeProductKey: () => Promise<string>
  giveGrant: (accountId: string, plan: string) => Promise<string>
  endGrant: (id: string) => Promise<void>
}

/** An operator at a service. */
export async function operatorAt({ port }: Running, stage: Stage): Promise<Operator> {
  const token = await stage.mintOperator()
  const ask = async (method: string, path: string, body: object): Promise<{ id: string; key: string }> => {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/operator/${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}: ${await reply.text()}`)
    return (reply.status === 204 ? {} : await reply.json()) as { id: string; key: string }
  }
  return {
    async makeProductKey() {
      const scopes = ['entitlements:read', 'usage:write']
      return (await ask('POST', 'product-keys', { name: 'The product', scopes })).key
    },
    async giveGrant(accountId, plan) {
      const body = { source: 'complimentary', plan, reason: 'bench' }
      return (await ask('POST', `accounts/${accountId}/grants`, body)).id
    },
    async endGrant(id) {
      await ask('DELETE', `grants/${id}`, { reason: 'bench' })
    },
  }
}
