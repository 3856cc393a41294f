import { expect } from 'vitest'
import { type ProblemCode, problems } from '../../src/problems.ts'

/** A refusal as it came over the wire. */
export interface Refusal {
  status: number
  body: Record<string, unknown>
  headers: Record<string, unknown>
}

/** Codes that only a subscription at Stripe leads to: stripeProblems.test.ts meets these. */
export const metWithStripe = [
  'already-subscribed',
  'change-in-progress',
  'payment-failed',
  'subscription-not-changeable',
] as const satisfies ProblemCode[]

/** Codes that only a way to Google or Microsoft leads to: oauthProblems.test.ts meets these. */
export const metWithProviders = [
  'oauth-failed',
  'oauth-canceled',
  'oauth-not-allowed',
  'oauth-not-configured',
  'oauth-unavailable',
  'oauth-email-missing',
  'identity-already-linked',
  'last-sign-in-method',
] as const satisfies ProblemCode[]

/** These are 401 for want of another proof than a token. */
const ofSignIn: ProblemCode[] = ['invalid-credentials', 'second-factor-required', 'wrong-second-factor']

/** Expects a refusal in the words of RFC 9457, with the headers that its status takes. */
export function expectProblem(code: ProblemCode, { status, body, headers }: Refusal): void {
  const known = problems[code]
  expect(body).toMatchObject({
    type: `/problems/${code}`,
    title: known.title,
    status: known.status,
    code,
    // People are shown it: it names no field.
    detail: expect.stringMatching(/^[^`]+$/),
    instance: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  expect(status).toBe(known.status)
  expect(headers['content-type']).toBe('application/problem+json')
  // What is not set up does not come by waiting.
  const passes = status === 429 || (status === 503 && !code.endsWith('-not-configured'))
  if (passes) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  if (status === 401 && !ofSignIn.includes(code)) expect(headers['www-authenticate']).toMatch(/^Bearer/)
  if (status === 405) expect(headers.allow).toBeTruthy()
}
