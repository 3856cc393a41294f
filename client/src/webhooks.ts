import { Webhook, WebhookVerificationError } from 'standardwebhooks'

/** What an account may do, in the words of `GET /v1/entitlements` and of billing state. */
export interface Entitlements {
  /** The plan that it is on, such as `free` or `pro`. */
  plan: string
  /** The source of the plan, or why there is none but free: `trial-expired`, `past-due` and so on. */
  reason: string
  /** `override`, `stripe`, `complimentary` or `trial`; null where the plan is free for want of one. */
  source: string | null
  /** As billing state shows it, such as `active`, `trialing` or `trial_expired`. */
  status: string
  /** RFC 3339: when the plan ends, as far as is known at the time of the event. */
  until: string | null
  /** Every feature by its name, overrides included. */
  features: Record<string, boolean>
  /** Every limit by its name; `per` null is a level, `limit` null is unlimited. */
  limits: Record<string, { per: 'month' | 'billing_month' | null; limit: number | null }>
}

/** `owner` may do all that `admin` may, and so on. */
export type Role = 'owner' | 'admin' | 'member' | 'viewer'

/** What every event about an account says. */
export interface OfAccount {
  account_id: string
  /**
   * Grows by one with each message about the account. Deliveries can overtake each other: remember the highest per
   * account, and drop what is lower.
   */
  version: number
}

interface Data {
  'account.created': OfAccount & { name: string; created_at: string }
  'account.updated': OfAccount & { name: string; old_name: string }
  'account.closed': OfAccount & { closed_at: string }
  'account.reopened': OfAccount
  'account.deleted': OfAccount
  /** `old` is null for an account that is new. */
  'entitlements.changed': OfAccount & { old: Entitlements | null; new: Entitlements }
  'member.added': OfAccount & { user_id: string; role: Role }
  'member.removed': OfAccount & { user_id: string; old_role: Role }
  'member.role_changed': OfAccount & { user_id: string; role: Role; old_role: Role }
  /** Sent when an operator tries out the endpoint. */
  ping: { endpoint_id: string }
}

/**
 * An event, told apart by `type`. Types may be added: let a `switch` over it ignore what it does not know.
 */
export type WebhookEvent = {
  [Type in keyof Data]: {
    /** The header `webhook-id`: the same in every attempt and replay, so that an event can be handled once. */
    id: string
    type: Type
    /** RFC 3339: when the change was noticed, not when it was sent. */
    timestamp: string
    data: Data[Type]
  }
}[keyof Data]

/** Headers as `Request`, Node, Fastify, Express and Hono have them; names in any case. */
export type WebhookHeaders =
  | { forEach(visit: (value: string, name: string) => void): void; get(name: string): string | null }
  | Record<string, string | string[] | undefined>

/** A request that is no event of this Frontgate, or not a fresh one. Answer it with 400. */
export class WebhookError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WebhookError'
  }
}

/**
 * Reads an event that Frontgate sent (`@frontgate/client/webhooks`), and throws `WebhookError` unless it was signed with
 * one of the secrets within the last five minutes (https://www.standardwebhooks.com).
 *
 * `body` is the body as it came, before anything parsed it: the signature is over its bytes. `secret` is the one that
 * was shown when the endpoint was made (`whsec_…`), or several while it is rolled.
 *
 * ```ts
 * async function receive(request: Request, secret: string): Promise<Response> {
 *   try {
 *     const event = readWebhook(await request.text(), request.headers, secret)
 *     if (event.type === 'entitlements.changed') await remember(event.data.account_id, event.data.new)
 *     return new Response(null, { status: 204 })
 *   } catch (error) {
 *     if (error instanceof WebhookError) return new Response(error.message, { status: 400 })
 *     throw error
 *   }
 * }
 * ```
 */
export function readWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): WebhookEvent {
  const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  const plain = plainHeaders(headers)
  verify(text, plain, typeof secret === 'string' ? [secret] : secret)
  return { ...eventIn(text), id: String(plain['webhook-id']) } as WebhookEvent
}

function verify(text: string, headers: Record<string, string>, secrets: readonly string[]): void {
  if (secrets.length === 0) throw new TypeError('readWebhook takes the secret of the endpoint: whsec_…')
  const refusals = secrets.map((secret) => whyRefused(text, headers, secret))
  if (refusals.includes(null)) return
  throw new WebhookError(says[refusals[0] ?? ''] ?? `The webhook could not be verified: ${refusals[0]}.`)
}

/** The library's words, or null where the signature fits. */
function whyRefused(text: string, headers: Record<string, string>, secret: string): string | null {
  const webhook = signedWith(secret)
  try {
    webhook.verify(text, headers, { jsonParse: false })
    return null
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.message
    throw error
  }
}

function signedWith(secret: string): Webhook {
  try {
    return new Webhook(secret)
  } catch {
    throw new TypeError(
      'A secret of a webhook endpoint is whsec_ and base64, as it was shown when it was made',
    )
  }
}

const says: Record<string, string> = {
  'Missing required headers':
    'This is no webhook: the headers webhook-id, webhook-timestamp and webhook-signature are missing.',
  'Invalid Signature Headers': 'This is no webhook: the header webhook-timestamp is not a number.',
  'Message timestamp too old':
    'The webhook was signed more than five minutes ago: it is sent again by somebody else, or a clock is wrong.',
  'Message timestamp too new': 'The webhook was signed more than five minutes from now: a clock is wrong.',
  'No matching signature found':
    'The signature does not fit: the secret is another endpoint’s, or the body is not the bytes that came.',
}

function plainHeaders(headers: WebhookHeaders): Record<string, string> {
  const plain: Record<string, string> = {}
  const note = (name: string, value: string | string[] | undefined) => {
    if (value !== undefined) plain[name.toLowerCase()] = typeof value === 'string' ? value : value.join(' ')
  }
  if (typeof headers.forEach === 'function') {
    headers.forEach((value, name) => {
      note(name, value)
    })
  } else
    for (const [name, value] of Object.entries(headers)) note(name, value as string | string[] | undefined)
  return plain
}

function eventIn(text: string): object {
  try {
    const event: unknown = JSON.parse(text)
    if (typeof event === 'object' && event !== null && 'type' in event && 'data' in event) return event
  } catch {
    // Said below.
  }
  throw new WebhookError('The signature fits, but the body is no event of Frontgate.')
}
