import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import type { Entry } from '../../identity/oauth/rules.ts'
import { requestVerification } from '../../identity/requestVerification.ts'
import { mailLimits } from '../../identity/throttles.ts'
import type { UserRecord } from '../../identity/users.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import type { Identity } from '../../oidc/rules.ts'
import { registerByMailJob } from '../registerByMail.ts'
import { newUserOf } from './newByProvider.ts'

/**
 * Whether the answer must not depend on what is known of an address, since nobody has proved it: where registering
 * may not say whether an address is known, neither may this.
 */
export function mustStayHidden(
  { config }: Pick<App, 'config'>,
  entry: Entry<UserRecord>,
  { emailVerified }: Identity,
): boolean {
  if (config.registrationPrivacy === 'open') return false
  if (entry.kind === 'known') return entry.user.emailVerifiedAt === null && !entry.provesMailbox
  return !emailVerified && entry.kind !== 'no-address'
}

/** Leaves everything to what is mailed to the address: a link that opens a session, or a note to whoever has it. */
export async function enterByMail(
  app: App,
  caller: Caller,
  { entry, identity, email }: { entry: Entry<UserRecord>; identity: Identity; email: string | null },
  at: Date,
): Promise<void> {
  if (entry.kind === 'known') return mailLinkAgain(app, caller, entry.user, at)
  if (email === null) return
  const payload = { user: newUserOf(identity, email), caller, requestedAt: at.toISOString() }
  await inTx(app, (tx) => enqueue(tx, registerByMailJob, payload))
}

async function mailLinkAgain(
  app: App,
  caller: Caller,
  { id: userId, email }: UserRecord,
  at: Date,
): Promise<void> {
  const verdict = await app.limiter.take(mailLimits('resend', email, caller.ip), at)
  if (verdict.retryAfterSeconds !== null) return
  await inTx(app, (tx) => requestVerification(tx, app.config, { userId, email, startsSession: true }, at))
}
