import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor, Role } from '../../http/actor.ts'
import { holdUsers } from '../../identity/users.ts'
import { problem } from '../../problems.ts'
import { lockAccount } from '../accounts.ts'
import { roleIn } from '../invites/invites.ts'
import { findMember, type Member } from './members.ts'
import { whyNot } from './rules.ts'

/** A member whom the caller may act on, and their account, which is locked until the end. */
export interface Acting {
  account: { id: string; name: string }
  target: Member
  isSelf: boolean
}

/**
 * Locks the caller's account, and makes sure that they may give a member that role, or take them out where `becomes` is
 * null. What both are is read under the lock: of two who act on each other at once, the second is judged by what the
 * first has left.
 */
export async function lockForActing(
  tx: Tx,
  { actor }: Caller<MemberActor>,
  { userId, becomes }: { userId: string; becomes: Role | null },
): Promise<Acting> {
  const { accountId } = actor
  const [, account, own, target, otherOwners] = await Promise.all([
    holdUsers(tx, [actor.userId, userId]),
    lockAccount(tx, accountId),
    roleIn(tx, accountId, actor.userId),
    findMember(tx, accountId, userId),
    countOtherOwners(tx, accountId, userId),
  ])
  if (!account || account.closedAt) throw problem('account-closed')
  if (!own) throw problem('forbidden', undefined, { detail: 'You are no longer a member of this account.' })
  if (!target) throw problem('not-found')
  const isSelf = target.userId === actor.userId
  const fault = whyNot({ own, target: target.role, becomes, isSelf, otherOwners })
  if (fault === 'last-owner')
    throw problem('last-owner', { accounts: [{ id: account.id, name: account.name }] })
  if (fault) throw problem('forbidden', undefined, { detail: faults[fault](own) })
  return { account, target, isSelf }
}

const faults = {
  'role-too-low': (own: Role) => `This takes the role admin or a higher one; yours is ${own}.`,
  'target-above': (own: Role) =>
    `Nobody changes or removes a member whose role is above their own; yours is ${own}.`,
  'gives-above': (own: Role) => `Nobody gives a role above their own; yours is ${own}.`,
}

async function countOtherOwners(tx: Tx, accountId: string, userId: string): Promise<number> {
  const { count } = await tx
    .selectFrom('members')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('role', '=', 'owner')
    .where('user_id', '<>', userId)
    .executeTakeFirstOrThrow()
  return count
}
