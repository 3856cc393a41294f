/** What is known of a challenge once Turnstile was asked: whether a person passed it, or nothing. */
export type Verdict = 'passed' | 'failed' | 'unavailable'

// What is wrong with our keys or with Turnstile, and not with what a person did.
// https://developers.cloudflare.com/turnstile/get-started/server-side-validation/#error-codes
const NOT_THEIRS = ['missing-input-secret', 'invalid-input-secret', 'bad-request', 'internal-error']

/** Reads Turnstile's answer; what is none, or blames us, says nothing of the person. */
export function verdictOf(answer: unknown): Verdict {
  const { success, 'error-codes': codes } = Object(answer) as Record<string, unknown>
  if (success === true) return 'passed'
  if (success !== false) return 'unavailable'
  return Array.isArray(codes) && codes.some((code) => NOT_THEIRS.includes(code)) ? 'unavailable' : 'failed'
}
