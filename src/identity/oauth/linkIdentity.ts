import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { normaliseAddress } from '../../mail/addresses.ts'
import { type Identity, providerTitles } from '../../oidc/rules.ts'
import { problem } from '../../problems.ts'
import { notifyUser } from '../notifyUser.ts'
import { refuseUnlessVerified } from '../refuseUnlessVerified.ts'
import { lockUser, type UserRecord } from '../users.ts'
import { addIdentity, isIdentityTaken, ownerOf } from './identities.ts'

/**
 * Gives an identity to the user of a live session, who asked for that while signed in. One that they have already stays;
 * one of somebody else is refused, also when two users bring the same one at once.
 */
export async function linkIdentity(
  app: App,
  caller: Caller,
  { identity, sessionId }: { identity: Identity; sessionId: string },
  at: Date,
): Promise<void> {
  try {
    await inTx(app, async (tx) => {
      const user = await lockUserOf(tx, sessionId, at)
      if (!user) throw problem('session-expired')
      refuseUnlessVerified(
        user,
        app.config,
        'Prove that the mailbox is yours before you link anything to it.',
        at,
      )
      const owner = await ownerOf(tx, identity)
      if (owner?.userId === user.id) return
      if (owner) throw problem('identity-already-linked')
      const actor = { kind: 'user', userId: user.id, sessionId, accountId: null, role: null } as const
      await noteIdentity(tx, { ...caller, actor }, { user, identity, because: 'asked' }, at)
    })
  } catch (error) {
    throw isIdentityTaken(error) ? problem('identity-already-linked') : error
  }
}

/** Adds an identity to a user whose row is locked, and tells them. */
export async function noteIdentity(
  tx: Tx,
  caller: Caller,
  { user, identity, because }: { user: UserRecord; identity: Identity; because: 'asked' | 'same-mailbox' },
  at: Date,
): Promise<void> {
  const { provider, emailVerified } = identity
  const email = normaliseAddress(identity.email ?? '')
  const isVouched = emailVerified && email === user.email
  await Promise.all([
    addIdentity(tx, { userId: user.id, identity, email, isVouched }, at),
    audit(tx, caller, { action: 'identity.linked', userId: user.id, details: { provider, because } }, at),
    notifyUser(
      tx,
      user,
      { template: 'identity-linked', fill: { provider: providerTitles[provider] }, path: '/account' },
      at,
    ),
  ])
}

async function lockUserOf(tx: Tx, sessionId: string, at: Date): Promise<UserRecord | null> {
  const session = await tx
    .selectFrom('sessions')
    .select('user_id')
    .where('id', '=', sessionId)
    .executeTakeFirst()
  if (!session) return null
  const [user, live] = await Promise.all([
    lockUser(tx, session.user_id),
    tx
      .selectFrom('sessions')
      .select('id')
      .where('id', '=', sessionId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', at)
      .where('idle_expires_at', '>', at)
      .forShare()
      .executeTakeFirst(),
  ])
  return live ? user : null
}
