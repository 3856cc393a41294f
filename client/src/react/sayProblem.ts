import { FrontgateProblem, FrontgateUnreachable } from '../api/problem.ts'
import { formatWait } from './format.ts'
import type { Language } from './words.ts'

/** What providers are called, by the names that the service has for them. */
export const providerTitles: Record<string, string> = { google: 'Google', microsoft: 'Microsoft' }

/** What went wrong, for a reader. */
export function sayProblem(thrown: unknown, { words, locale }: Language): string {
  if (!(thrown instanceof FrontgateProblem)) {
    const isUnreachable = thrown instanceof FrontgateUnreachable || thrown instanceof TypeError
    return isUnreachable ? words.faults.unreachable : words.faults.unknown
  }
  const { code, members, retryAfterSeconds: wait } = thrown
  if (code === 'too-many-requests') return words.tooMany(wait === null ? null : formatWait(wait, locale))
  if (code === 'use-oauth-provider') {
    const providers = (members.providers as string[]).map((provider) => providerTitles[provider] ?? provider)
    const either = new Intl.ListFormat(locale, { type: 'disjunction' }).format(providers)
    return words.faults['use-oauth-provider'](either)
  }
  const fault = Object.hasOwn(words.faults, code) && words.faults[code as keyof typeof words.faults]
  if (typeof fault === 'string') return fault
  // The service speaks English; that is more than nothing.
  return `${thrown.title}. ${thrown.detail}`
}

/** What is wrong with single fields of a form, by their names; empty where it is about none of them. */
export function sayFaultsOfFields(thrown: unknown, { words }: Language): Record<string, string> {
  if (!(thrown instanceof FrontgateProblem)) return {}
  const { code, members } = thrown
  if (code === 'weak-password') {
    const reason = members.reason as keyof typeof words.weak
    const said = words.weak[reason] ?? words.weak.common
    return { password: typeof said === 'string' ? said : said(Number(members.min_length)) }
  }
  if (code === 'email-already-registered') return { email: words.faults['email-already-registered'] }
  if (code === 'invite-for-another-address') return { email: words.faults['invite-for-another-address'] }
  if (code !== 'invalid-request') return {}
  const errors = members.errors as { pointer: string }[]
  return Object.fromEntries(errors.map(({ pointer }) => [pointer.replace('#/', ''), words.faults.badField]))
}
