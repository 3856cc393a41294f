import type { components, ProblemCode } from './schema.ts'

/** A refusal as it is on the wire (RFC 9457, `application/problem+json`). */
export type ProblemBody = components['schemas']['Problem']

/**
 * A refusal, by the service or by a guard of a product. `code` is stable and what to branch on (`/problems/<code>` is the
 * page about it), `detail` is for people, `instance` is the id of the request, which the log carries too. What else the
 * code has to say is in `members`: `upgrade_url`, `required_plan`, `reason`, `errors` and so on, as on the wire.
 */
export class FrontgateProblem extends Error {
  override readonly name = 'FrontgateProblem'
  readonly code: ProblemCode | (string & {})
  /** The HTTP status, such as 402. */
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly instance: string
  readonly members: Record<string, unknown>
  /** Of the `Retry-After` header, where there was one. */
  readonly retryAfterSeconds: number | null

  constructor(body: ProblemBody, retryAfterSeconds: number | null = null) {
    const { type: _type, title, status, code, detail, instance, ...members } = body
    super(`${code}: ${detail}`)
    this.code = code
    this.status = status
    this.title = title
    this.detail = detail
    this.instance = instance
    this.members = members
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * The service gave no answer (no network, timeout, an answer that was cut off). A session is kept through this: the same
 * call may simply be made again. `cause` is what `fetch` threw.
 */
export class FrontgateUnreachable extends Error {
  override readonly name = 'FrontgateUnreachable'

  constructor(url: string, cause: unknown) {
    super(`${url} does not answer`, { cause })
  }
}

/**
 * Somebody else signed in, everybody signed out, or another account was chosen, while this call waited for a token. It was
 * not sent, since it was made for whoever was there before.
 */
export class SessionChanged extends Error {
  override readonly name = 'SessionChanged'

  constructor() {
    super('The session changed while this call waited, so it was not sent')
  }
}

interface Reply {
  data?: unknown
  error?: unknown
  response: Response
}

/**
 * The data of a reply of `client.api`; a refusal is thrown as a {@link FrontgateProblem}.
 *
 * @example const state = unwrap(await client.api.GET('/v1/billing/state'))
 */
export function unwrap<R extends Reply>(reply: R): Exclude<R['data'], undefined> {
  if (!reply.response.ok) throw problemOf(reply.response, reply.error)
  return reply.data as Exclude<R['data'], undefined>
}

/** The refusal that a response carries; one of a proxy in between, which is no problem of ours, gets the code `unknown`. */
export function problemOf(response: Response, body: unknown): FrontgateProblem {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : null
  if (isProblem(body)) return new FrontgateProblem(body, retryAfterSeconds)
  const { status, url, statusText } = response
  const detail = `${url} answered ${status} ${statusText}`.trimEnd()
  const unknown = { type: 'about:blank', title: statusText, status, code: 'unknown', detail, instance: '' }
  return new FrontgateProblem(unknown, retryAfterSeconds)
}

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'status' in body && 'detail' in body
}
