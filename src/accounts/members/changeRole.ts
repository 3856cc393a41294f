import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor, Role } from '../../http/actor.ts'
import { lockForActing } from './lockForActing.ts'
import type { Member } from './members.ts'
import { setRole } from './setRole.ts'

/** Gives a member of the caller's account another role, and returns them with it; harmless when they have it. */
export async function changeRole(
  tx: Tx,
  caller: Caller<MemberActor>,
  { userId, role }: { userId: string; role: Role },
  at: Date,
): Promise<Member> {
  const { account, target } = await lockForActing(tx, caller, { userId, becomes: role })
  if (target.role === role) return target
  const details = { from: target.role, to: role }
  await Promise.all([
    setRole(tx, caller, { accountId: account.id, userId: target.userId, role }, at),
    audit(
      tx,
      caller,
      { action: 'member.role-changed', accountId: account.id, userId: target.userId, details },
      at,
    ),
  ])
  return { ...target, role }
}
