import type { Role, Source } from '../caller.ts'
import { type Refused, refusalIn } from '../problems.ts'
import { passedBy, type Span, type Standing, type SubscriptionReason } from '../rules.ts'

const PATIENCE_MS = 3_000

/** What the service says of the bearer of a token: all that a guard decides by, now and when time passes. */
export interface AccessState extends Standing {
  kind: 'standing'
  /** When the service read it, milliseconds of its clock since 1970. */
  at: number
  /** From when on the session is over whatever else is true. */
  sessionEndsAt: number
  upgradeUrl: string
}

/** The reply of GET /v1/access-state. */
interface AccessStateBody {
  at: string
  user: { id: string; email_verified: boolean; verification_grace_ends_at: string | null }
  session_id: string
  session_expires_at: string
  account_id: string
  role: Role
  spans: {
    until: string | null
    plan: string
    source: Source | null
    reason: SubscriptionReason | null
    opens: string[]
    features: string[]
    missing: Record<string, string | null>
    limits: Record<string, { per: string | null; amount: number | null }>
  }[]
  upgrade_url: string
}

/**
 * Asks the service about the bearer of a token, with that token: the state, or the service's own refusal of a session that
 * is over or a member who is none any more. Rejects when there is no answer to go by.
 */
export async function readAccessState(
  { url, fetch }: { url: string; fetch: typeof globalThis.fetch },
  token: string,
): Promise<AccessState | Refused> {
  const reply = await fetch(`${url}/v1/access-state`, {
    headers: { accept: 'application/json', authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const body: unknown = await reply.json()
  if (reply.status === 200) return describe(body as AccessStateBody, token)
  const refusal = reply.status === 401 || reply.status === 403 ? refusalIn(reply, body) : null
  if (refusal) return refusal
  throw new Error(`${url}/v1/access-state answered ${reply.status}`)
}

function describe(body: AccessStateBody, token: string): AccessState {
  const { user, session_id, account_id, role, upgrade_url } = body
  const caller = {
    userId: user.id,
    sessionId: session_id,
    accountId: account_id,
    role,
    emailVerified: user.email_verified,
    token,
  }
  const spans = body.spans.map((span): Span => {
    const { plan, source, reason, opens, features, missing, limits, until } = span
    return {
      until: until === null ? Number.POSITIVE_INFINITY : Date.parse(until),
      passed: passedBy('live', { ...caller, plan, source }),
      reason,
      opens: new Set(opens),
      features: new Set(features),
      missing,
      limits,
    }
  })
  if (spans.at(-1)?.until !== Number.POSITIVE_INFINITY) throw new Error('The state does not cover all time')
  const { verification_grace_ends_at: graceEnd } = user
  return {
    kind: 'standing',
    at: Date.parse(body.at),
    sessionEndsAt: Date.parse(body.session_expires_at),
    graceEndsAt: graceEnd === null ? null : Date.parse(graceEnd),
    spans,
    upgradeUrl: upgrade_url,
  }
}
