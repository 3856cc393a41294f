import type { Snapshot } from '../access/snapshot.ts'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import { type Caller, isAtLeast, type MemberActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/**
 * Has the caller's current account ask its members for a second factor, or no more. An owner decides it, and asks of others
 * what has proved their own session: so whoever switches it on is not locked out.
 */
export async function requireSecondFactor(
  tx: Tx,
  caller: Caller<MemberActor>,
  {
    isRequired,
    session,
    securityUrl,
  }: { isRequired: boolean; session: Snapshot['session']; securityUrl: string },
  at: Date,
): Promise<void> {
  const { accountId, role } = caller.actor
  if (!isAtLeast(role, 'owner')) {
    const detail = `Whether a second factor is asked for takes the role owner; yours is ${role}.`
    throw problem('forbidden', undefined, { detail })
  }
  if (session.factor === null) throw problem('second-factor-required-here', { security_url: securityUrl })
  const set = await tx
    .updateTable('accounts')
    .set({ requires_second_factor: isRequired })
    .where('id', '=', accountId)
    .where('requires_second_factor', '!=', isRequired)
    .returning('id')
    .executeTakeFirst()
  if (!set) return
  changed(tx, `account:${accountId}`)
  const action = isRequired ? 'account.second-factor-required' : 'account.second-factor-optional'
  await audit(tx, caller, { action, accountId }, at)
}
