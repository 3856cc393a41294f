import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { problem } from '../problems.ts'
import { requestVerification } from './requestVerification.ts'
import { mailLimits } from './throttles.ts'
import { findUser } from './users.ts'

/** Sends a new verification link to the caller, throttled; nothing for someone who is verified. */
export async function resendVerification(app: App, caller: Caller<UserActor>, at: Date): Promise<void> {
  const user = await findUser(app.db, caller.actor.userId)
  if (!user) throw problem('unauthenticated')
  if (user.emailVerifiedAt) return
  refuseAboveLimit(await app.limiter.take(mailLimits('resend', user.email, caller.ip), at))
  await inTx(app, (tx) =>
    Promise.all([
      requestVerification(tx, app.config, { userId: user.id, email: user.email, startsSession: false }, at),
      audit(tx, caller, { action: 'email.verification-requested', userId: user.id }, at),
    ]),
  )
}
