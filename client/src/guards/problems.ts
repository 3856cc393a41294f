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
    detail: 'A field is missing, unknown, or holds something the operation does not take.',
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    detail:
      'The request carries no access token, or one that is malformed, expired or signed by nobody known; or a product key that is unknown, revoked or expired, or that this operation does not take.',
  },
  'subscription-required': {
    status: 402,
    title: 'The plan of this account does not open this',
    detail: ({ reason, plan, required_plan }: Members) =>
      `${whyNotSubscribed[String(reason)]?.replace('{plan}', String(plan)) ?? ''} This takes the plan ${required_plan} or a higher one.`.trim(),
  },
  'feature-not-in-plan': {
    status: 402,
    title: 'The plan of this account does not have this feature',
    detail: ({ feature, required_plan }: Members) =>
      `This takes the feature ${feature}, which this account does not have.${openedBy(required_plan)}`,
  },
  'limit-reached': {
    status: 402,
    title: 'This account has reached its limit',
    detail({ limit, used, resets_at = null, required_plan }: Members) {
      const anew = resets_at === null ? '' : ` It is counted anew from ${dayOf(resets_at)} on.`
      return `This is more than is left: ${used} of ${limit} are used.${openedBy(required_plan)}${anew}`
    },
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    detail:
      'The caller is known and may not do this: the role is too low, membership has ended, or the product key lacks the scope.',
  },
  'second-factor-required-here': {
    status: 403,
    title: 'This account asks for a second factor',
    detail: 'Members of this account sign in with a second factor, and this session was not proved by one.',
  },
  'email-verification-required': {
    status: 403,
    title: 'Verify the e-mail address first',
    detail({ grace_ended_at }: Members) {
      const ended =
        grace_ended_at === undefined ? '' : `, since the time for it ended on ${dayOf(grace_ended_at)}`
      return `This takes a verified e-mail address${ended}. Open the link in the mail, or ask for a new one.`
    },
  },
  internal: {
    status: 500,
    title: 'Something broke on our side',
    detail: 'The request could not be finished. The cause is in the log.',
  },
  overloaded: {
    status: 503,
    title: 'Too busy right now',
    detail:
      'More work is waiting than can be done in good time, so this request was turned away at the door.',
  },
} as const

type Members = Record<string, unknown>

const whyNotSubscribed: Record<string, string> = {
  'trial-expired': 'The trial has ended.',
  canceled: 'The subscription has ended.',
  'past-due': 'A payment is overdue.',
  unpaid: 'The subscription is unpaid.',
  'never-subscribed': 'This account has no subscription.',
  'plan-too-low': 'This account is on the plan {plan}.',
}
const openedBy = (plan: unknown) => (plan === null ? '' : ` The lowest plan that allows it is ${plan}.`)
const dayOf = (instant: unknown) => String(instant).slice(0, 10)

export type GuardCode = keyof typeof problems

const RETRY_AFTER_SECONDS = 5

/** A refusal of a guard's own. */
export function refuse(
  code: GuardCode,
  members: Members = {},
  { detail, headers = {} }: { detail?: string; headers?: Record<string, string> } = {},
): Refused {
  const { status, title, detail: worded } = problems[code]
  return passOn(
    {
      type: `/problems/${code}`,
      title,
      status,
      code,
      detail: detail ?? (typeof worded === 'string' ? worded : worded(members)),
      instance: crypto.randomUUID(),
      ...members,
    },
    headers,
  )
}

/** A refusal that the service has written; null for whatever else may answer in its place, such as a proxy. */
export function refusalIn({ status, headers }: Response, body: unknown): Refused | null {
  if (!isProblem(body) || body.status !== status || status < 400) return null
  const challenge = headers.get('www-authenticate')
  return passOn(body, challenge === null ? {} : { 'www-authenticate': challenge })
}

const isProblem = (body: unknown): body is ProblemBody =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  typeof body.code === 'string' &&
  'status' in body

function passOn(problem: ProblemBody, headers: Record<string, string>): Refused {
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
