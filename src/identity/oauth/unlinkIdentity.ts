import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { type ProviderName, providerTitles } from '../../oidc/rules.ts'
import { problem } from '../../problems.ts'
import { notifyUser } from '../notifyUser.ts'
import { endSessions } from '../sessions.ts'
import { lockUser } from '../users.ts'
import { waysIn } from './identities.ts'

/**
 * Takes one identity from the caller, unless it is their last way in: of two unlinked at once one stays. Their other
 * sessions end, since one of them may have begun with it.
 */
export async function unlinkIdentity(
  tx: Tx,
  { oidc }: Pick<App, 'oidc'>,
  caller: Caller<UserActor>,
  identityId: string,
  at: Date,
): Promise<void> {
  const { userId, sessionId } = caller.actor
  const user = await lockUser(tx, userId)
  if (!user) throw problem('session-expired')
  const [identity, ways] = await Promise.all([
    tx
      .selectFrom('oauth_identities')
      .select('provider')
      .where('id', '=', identityId)
      .where('user_id', '=', userId)
      .executeTakeFirst(),
    waysIn(tx, oidc, userId),
  ])
  if (!identity) throw problem('not-found')
  const others = ways.filter(({ id }) => id !== identityId)
  if (user.passwordHash === null && others.length === 0) throw problem('last-sign-in-method')
  const provider = identity.provider as ProviderName
  await Promise.all([
    tx.deleteFrom('oauth_identities').where('id', '=', identityId).execute(),
    endSessions(tx, caller, { userId, because: 'identity-unlinked', except: sessionId }, at),
    audit(tx, caller, { action: 'identity.unlinked', userId, details: { provider } }, at),
    notifyUser(
      tx,
      user,
      {
        template: 'identity-unlinked',
        fill: { provider: providerTitles[provider] },
        path: '/account',
      },
      at,
    ),
  ])
}
