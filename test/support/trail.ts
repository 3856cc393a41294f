import { operatorToken } from './people.ts'
import type { TestApp } from './testApp.ts'

/** A line of the audit trail, as an operator sees it. */
export interface TrailEntry {
  action: string
  actor_kind: string
  actor_id: string | null
  user_id: string | null
  account_id: string | null
  ip: string | null
  user_agent: string | null
  request_id: string | null
  details: Record<string, unknown>
}

/** What the audit trail says of a user, the newest first. */
export async function trailOf(t: TestApp, userId: string): Promise<TrailEntry[]> {
  const as = await operatorToken(t)
  const reply = await t.call('GET', `/v1/operator/audit?limit=100&user_id=${userId}`, { as })
  if (reply.status !== 200) throw new Error(`Reading the trail answered ${reply.status}: ${reply.text}`)
  return reply.body.data
}

/** The actions that the audit trail has of a user, the newest first. */
export async function actionsOf(t: TestApp, userId: string): Promise<string[]> {
  return (await trailOf(t, userId)).map(({ action }) => action)
}
