import type { App } from '../../app.ts'
import type { Config } from '../../config.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor, Role } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import type { InviteRow } from './invites.ts'
import { lockForInviting } from './makeOffer.ts'
import { type Paid, payWhereMailed } from './payForMails.ts'
import { offerOrRefuse } from './sendInvite.ts'

/** Sends an invite again, in the caller's name: a new link for another seven days. One that was revoked stays so. */
export async function resendInvite(
  app: App,
  caller: Caller<MemberActor>,
  inviteId: string,
  at: Date,
): Promise<InviteRow> {
  const resend = (tx: Tx, mayMail: boolean) => offerAgain(tx, app.config, caller, { inviteId, mayMail }, at)
  return payWhereMailed(app, { accountId: caller.actor.accountId, mails: 0 }, resend, at)
}

async function offerAgain(
  tx: Tx,
  config: Config,
  caller: Caller<MemberActor>,
  { inviteId, mayMail }: { inviteId: string; mayMail: boolean },
  at: Date,
): Promise<Paid<InviteRow>> {
  const inviting = await lockForInviting(tx, config, caller, at)
  const invite = await tx
    .selectFrom('account_invites')
    .select(['email', 'role', 'accepted_at', 'revoked_at'])
    .where('id', '=', inviteId)
    .where('account_id', '=', inviting.account.id)
    .forUpdate()
    .executeTakeFirst()
  if (!invite) throw problem('not-found')
  if (invite.accepted_at) throw problem('invite-already-accepted')
  if (invite.revoked_at)
    throw problem('token-canceled', undefined, {
      detail: 'This invite was revoked. Invite the address anew.',
    })
  const offer = { email: invite.email, role: invite.role as Role }
  return offerOrRefuse(tx, config, caller, { ...inviting, ...offer, mayMail }, at)
}
