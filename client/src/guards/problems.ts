/** A refusal as it goes over the wire: problem details (RFC 9457) with the members of their code. */
export interface ProblemBody {
  /** `/problems/<code>`, below the address of the service. */
  type: string
  title: string
  status: number
  /** Stable: what clients decide by. */
  code: string
  detail: string
  /** An id of this refusal. */
  instance: string
  [member: string]: unknown
}

/** What a guard answers in place of the product. */
export interface Refused {
  kind: 'refused'
  problem: ProblemBody
  /** All that belong to the reply; names are in lower case. */
  headers: Record<string, string>
}

/** The problems that a guard answers with itself, in the words of the service; a test holds the two together. */
const problems = {
  'invalid-request': {
    status: 422,
    title: 'The request does not fit the contract',
    meaning: 'A field is missing, unknown, or holds something the operation does not take.',
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    meaning:
      'The request carries no access token, or one that is malformed, expired or signed by nobody known; or a product key that is unknown, revoked or expired, or that this operation does not take.',
  },
  'subscription-required': {
    status: 402,
    title: 'The plan of this account does not open this',
    meaning: 'The account is on a lower plan. `reason` says why, `required_plan` what would open it.',
  },
  'feature-not-in-plan': {
    status: 402,
    title: 'The plan of this account does not have this feature',
    meaning: '`feature` is off for this account on its plan.',
  },
  'limit-reached': {
    status: 402,
    title: 'This account has reached its limit',
    meaning:
      'What is asked for, added to `used`, is more than `limit`. Nothing was counted; what is there stays, also where it is above the limit.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    meaning:
      'The caller is known and may not do this: the role is too low, membership has ended, or the product key lacks the scope.',
  },
  'email-verification-required': {
    status: 403,
    title: 'Verify the e-mail address first',
    meaning:
      'The grace period for verifying the address ended at `grace_ended_at`; or it goes on until `grace_ends_at`, and this takes a verified address all the same.',
  },
  internal: {
    status: 500,
    title: 'Something broke on our side',
    meaning: 'The cause is in the log under the request id in `instance`.',
  },
  overloaded: {
    status: 503,
    title: 'Too busy right now',
    meaning:
      'More work is waiting than can be done in good time, so this request was turned away at the door.',
  },
} as const

export type GuardCode = keyof typeof problems

const RETRY_AFTER_SECONDS = 5

/** A refusal of a guard's own. */
export function refuse(
  code: GuardCode,
  members: Record<string, unknown> = {},
  { detail, headers = {} }: { detail?: string; headers?: Record<string, string> } = {},
): Refused {
  const { status, title, meaning } = problems[code]
  return passOn(
    {
      type: `/problems/${code}`,
      title,
      status,
      code,
      detail: detail ?? meaning,
      instance: crypto.randomUUID(),
      ...members,
    },
    headers,
  )
}

/** A refusal that the service has written. */
export function passOn(problem: ProblemBody, headers: Record<string, string> = {}): Refused {
  return {
    kind: 'refused',
    problem,
    headers: { ...headers, 'cache-control': 'no-store', 'content-type': 'application/problem+json' },
  }
}

/** What RFC 6750 has a caller told who showed no token, and one whose token is refused. */
export const noToken = (): Refused =>
  refuse('unauthenticated', {}, { headers: { 'www-authenticate': 'Bearer' } })
export const refusedToken = (): Refused =>
  refuse('unauthenticated', {}, { headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })

/** What is said where nothing is known that a pass could rest on. */
export function unavailable(): Refused {
  const detail = 'A server that this one depends on does not answer.'
  return refuse('overloaded', {}, { detail, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } })
}
