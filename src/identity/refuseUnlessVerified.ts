import { graceEndOf } from '../access/rules.ts'
import type { Config } from '../config.ts'
import { problem } from '../problems.ts'
import type { UserRecord } from './users.ts'

/** Throws `email-verification-required` unless the user has proved their mailbox, also in their grace; `detail` says what for. */
export function refuseUnlessVerified(
  user: Pick<UserRecord, 'emailVerifiedAt' | 'createdAt'>,
  config: Pick<Config, 'verificationGraceDays'>,
  detail: string,
  at: Date,
): void {
  const graceEnd = graceEndOf(user, config)
  if (!graceEnd) return
  const name = at < graceEnd ? 'grace_ends_at' : 'grace_ended_at'
  throw problem('email-verification-required', { [name]: graceEnd.toISOString() }, { detail })
}
