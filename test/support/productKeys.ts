import type { Scope } from '../../src/http/actor.ts'
import { operatorToken } from './people.ts'
import type { TestApp } from './testApp.ts'

/** Has an operator make a product key. */
export async function productKey(
  t: TestApp,
  scopes: Scope[] = ['entitlements:read'],
  fields: Record<string, unknown> = {},
): Promise<{ id: string; key: string }> {
  const reply = await t.call('POST', '/v1/operator/product-keys', {
    as: await operatorToken(t),
    body: { name: 'The product', scopes, ...fields },
  })
  if (reply.status !== 201) throw new Error(`Making a product key answered ${reply.status}: ${reply.text}`)
  return reply.body
}

/** Has an operator revoke one. */
export async function revokeProductKey(t: TestApp, id: string): Promise<void> {
  const as = await operatorToken(t)
  const reply = await t.call('DELETE', `/v1/operator/product-keys/${id}`, {
    as,
    body: { reason: 'It leaked' },
  })
  if (reply.status !== 204) throw new Error(`Revoking a product key answered ${reply.status}: ${reply.text}`)
}
