import type { App } from '../app.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { problem } from '../problems.ts'
import { countFailure } from './countFailure.ts'
import { providerInstead } from './oauth/providerInstead.ts'
import { passwordLimits } from './throttles.ts'
import type { UserRecord } from './users.ts'

/**
 * Throws `invalid-credentials` unless the signed-in user knows their password; wrong ones are counted. Who has none is
 * refused with `use-oauth-provider`.
 */
export async function confirmPassword(
  app: App,
  caller: Caller<UserActor>,
  user: UserRecord,
  password: string,
  at: Date,
): Promise<void> {
  const refusal = await providerInstead(app.db, app.oidc, user)
  if (refusal) throw refusal
  const limits = passwordLimits(user.id)
  refuseAboveLimit(await app.limiter.peek(limits, at))
  if (await app.passwords.matches(user.passwordHash, password)) return
  await countFailure(app, caller, { what: 'password', limits, userId: user.id }, at)
  throw problem('invalid-credentials', undefined, { detail: 'The current password is wrong.' })
}
