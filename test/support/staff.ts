import { operatorToken } from './people.ts'
import type { TestApp } from './testApp.ts'

export const DAY_SECONDS = 86_400

/** That many seconds after the service's time, as the wire writes it. */
export function instant(t: TestApp, seconds = 0): string {
  return new Date(t.app.now().getTime() + seconds * 1000).toISOString()
}

/** Has an operator give a grant, and returns its id. */
export async function giveGrant(
  t: TestApp,
  accountId: string,
  order: { source: string; plan: string; from?: string; until?: string | null },
): Promise<string> {
  const reply = await t.call('POST', `/v1/operator/accounts/${accountId}/grants`, {
    as: await operatorToken(t),
    body: { reason: 'Agreed with sales', ...order },
  })
  if (reply.status !== 201) throw new Error(`Giving a grant answered ${reply.status}: ${reply.text}`)
  return reply.body.id
}

/** Has an operator end a grant. */
export async function endGrant(t: TestApp, grantId: string): Promise<void> {
  const as = await operatorToken(t)
  const reply = await t.call('DELETE', `/v1/operator/grants/${grantId}`, { as, body: { reason: 'Over' } })
  if (reply.status !== 204) throw new Error(`Ending a grant answered ${reply.status}: ${reply.text}`)
}

/** Has an operator give an account a feature or a limit of its own. */
export async function setOverride(
  t: TestApp,
  accountId: string,
  what: `features/${string}` | `limits/${string}`,
  value: boolean | number | null,
  until: string | null = null,
): Promise<void> {
  const as = await operatorToken(t)
  const body = { value, until, reason: 'Agreed with sales' }
  const reply = await t.call('PUT', `/v1/operator/accounts/${accountId}/${what}`, { as, body })
  if (reply.status !== 200) throw new Error(`Setting ${what} answered ${reply.status}: ${reply.text}`)
}
