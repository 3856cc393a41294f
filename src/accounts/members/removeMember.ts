import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { recipientOf } from '../../identity/users.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { revokeInvitesBeyond, revokeInvitesTo } from '../invites/revokeInvite.ts'
import { leave } from './leaveAccount.ts'
import { lockForActing } from './lockForActing.ts'
import { takeOut } from './takeOut.ts'

/**
 * Takes a member out of the caller's account and tells them by mail. No link that is out lets them in again, and none
 * that they sent lets anybody in. Taking oneself out is leaving.
 */
export async function removeMember(
  tx: Tx,
  caller: Caller<MemberActor>,
  userId: string,
  at: Date,
): Promise<void> {
  const acting = await lockForActing(tx, caller, { userId, becomes: null })
  if (acting.isSelf) return leave(tx, caller, acting, at)
  const { account, target } = acting
  const accountId = account.id
  await Promise.all([
    takeOut(tx, { accountId, userId: target.userId }),
    revokeInvitesBeyond(tx, caller, { accountId, userId: target.userId, role: null }, at),
    revokeInvitesTo(tx, caller, { accountId, member: target }, at),
    audit(
      tx,
      caller,
      { action: 'member.removed', accountId, userId: target.userId, details: { role: target.role } },
      at,
    ),
    queueMail(
      tx,
      {
        template: 'member-removed',
        to: recipientOf(target),
        fill: { account: account.name },
        userId: target.userId,
        accountId,
      },
      at,
    ),
  ])
}
