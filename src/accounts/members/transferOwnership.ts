import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { recipientOf } from '../../identity/users.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { type Acting, lockForActing } from './lockForActing.ts'
import type { Member } from './members.ts'
import { setRole } from './setRole.ts'

/**
 * Hands the caller's account over to another member, who is told by mail: they are an owner now, and the caller is an
 * admin. Other owners stay owners. Handing it to oneself changes nothing.
 */
export async function transferOwnership(
  tx: Tx,
  caller: Caller<MemberActor>,
  userId: string,
  at: Date,
): Promise<Member> {
  const acting = await lockForActing(tx, caller, { userId, becomes: 'owner' })
  const { account, target, isSelf } = acting
  if (isSelf) return target
  const accountId = account.id
  const from = caller.actor.userId
  await Promise.all([
    setRole(tx, caller, { accountId, userId: target.userId, role: 'owner' }, at),
    setRole(tx, caller, { accountId, userId: from, role: 'admin' }, at),
    audit(
      tx,
      caller,
      {
        action: 'account.ownership-transferred',
        accountId,
        userId: target.userId,
        details: { from, to: target.userId, was: target.role },
      },
      at,
    ),
    target.role === 'owner' ? undefined : tellNewOwner(tx, acting, at),
  ])
  return { ...target, role: 'owner' }
}

async function tellNewOwner(tx: Tx, { account, target }: Acting, at: Date): Promise<void> {
  await queueMail(
    tx,
    {
      template: 'ownership-received',
      to: recipientOf(target),
      fill: { account: account.name },
      link: { path: '/account' },
      userId: target.userId,
      accountId: account.id,
    },
    at,
  )
}
