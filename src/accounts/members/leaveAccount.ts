import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { revokeInvitesBeyond } from '../invites/revokeInvite.ts'
import { type Acting, lockForActing } from './lockForActing.ts'
import { takeOut } from './takeOut.ts'

/** Takes the caller out of their current account, unless that would leave it without an owner. */
export async function leaveAccount(tx: Tx, caller: Caller<MemberActor>, at: Date): Promise<void> {
  const { userId } = caller.actor
  await leave(tx, caller, await lockForActing(tx, caller, { userId, becomes: null }), at)
}

/** The same for somebody of whom it is known that they may, under the locks that were taken to know it. */
export async function leave(
  tx: Tx,
  caller: Caller<MemberActor>,
  { account: { id: accountId }, target: { userId, role } }: Acting,
  at: Date,
): Promise<void> {
  await Promise.all([
    takeOut(tx, { accountId, userId }),
    revokeInvitesBeyond(tx, caller, { accountId, userId, role: null }, at),
    audit(tx, caller, { action: 'member.left', accountId, userId, details: { role } }, at),
  ])
}
