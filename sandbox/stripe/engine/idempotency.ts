import { createHash } from 'node:crypto'
import type { Records } from '../objects.ts'
import { StripeRefusal } from '../refusal.ts'
import type { Store } from '../store.ts'
import type { RawParams } from './readParams.ts'

export type KeptReply = Records['idempotent_reply']

// https://docs.stripe.com/api/idempotent_requests
const KEPT_SECONDS = 24 * 60 * 60
const LONGEST_KEY = 255

/** What identifies a request that has a key. */
export interface KeyedRequest {
  key: string
  method: string
  path: string
  fingerprint: string
}

/** Keys only count where repeating would do something twice; elsewhere the answer is null. */
export function keyedRequest(
  method: string,
  path: string,
  params: RawParams,
  key: string | undefined,
): KeyedRequest | null {
  if (method !== 'POST' || !key) return null
  if (key.length > LONGEST_KEY) {
    throw new StripeRefusal(`Idempotency keys can be at most ${LONGEST_KEY} characters long.`)
  }
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(sorted(params)))
    .digest('base64url')
  return { key, method, path, fingerprint }
}

/** The first answer to this request, if it was answered within a day; refuses a key that was another request's. */
export function findReply(store: Store, request: KeyedRequest, seconds: number): KeptReply | undefined {
  const kept = store.get('idempotent_reply', request.key)
  if (!kept || kept.at + KEPT_SECONDS <= seconds) return undefined
  const { key } = request
  if (kept.path !== request.path || kept.method !== request.method) {
    throw mismatch(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${request.path}' vs '${kept.path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  }
  if (kept.fingerprint !== request.fingerprint) {
    throw mismatch(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  }
  return kept
}

/** Keeps the answer with the change it tells of, and forgets what is older than a day. */
export function keepReply(
  store: Store,
  { key, ...request }: KeyedRequest,
  reply: { status: number; body: string; request_id: string },
  seconds: number,
): void {
  for (const kept of store.list('idempotent_reply')) {
    if (kept.at + KEPT_SECONDS > seconds) break
    store.remove('idempotent_reply', kept.id)
  }
  // So that it is the newest in order, too.
  if (store.get('idempotent_reply', key)) store.remove('idempotent_reply', key)
  store.put('idempotent_reply', { id: key, ...request, ...reply, at: seconds })
}

function mismatch(message: string): StripeRefusal {
  return new StripeRefusal(message, { type: 'idempotency_error' })
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}
