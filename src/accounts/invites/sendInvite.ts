import type { App } from '../../app.ts'
import type { Config } from '../../config.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import type { InviteRow } from './invites.ts'
import { type Inviting, judgeOffer, lockForInviting, makeOffer, type OfferSettings } from './makeOffer.ts'
import { type Paid, payWhereMailed } from './payForMails.ts'
import { type Offer, roleAboveOwn } from './rules.ts'
import { seatLimitReached } from './seats.ts'

type Settings = OfferSettings & Pick<Config, 'upgradeUrl'>

/**
 * Invites an address to the caller's account, and promises the mail. An invite that is out is renewed: it has this role
 * now, and its earlier link opens nothing. Every invite that is out holds a seat.
 */
export async function sendInvite(
  app: App,
  caller: Caller<MemberActor>,
  offer: Offer,
  at: Date,
): Promise<InviteRow> {
  const send = async (tx: Tx, mayMail: boolean) => {
    const inviting = await lockForInviting(tx, app.config, caller, at)
    return offerOrRefuse(tx, app.config, caller, { ...inviting, ...offer, mayMail }, at)
  }
  return payWhereMailed(app, { accountId: caller.actor.accountId, mails: 0 }, send, at)
}

/** Makes an offer under the locks that `lockForInviting` took, or throws why rules and seats do not allow it. */
export async function offerOrRefuse(
  tx: Tx,
  settings: Settings,
  caller: Caller,
  { mayMail, ...offer }: Inviting & Offer & { mayMail: boolean },
  at: Date,
): Promise<Paid<InviteRow>> {
  const verdict = await judgeOffer(tx, offer, offer, null, at)
  switch (verdict.kind) {
    case 'role-above-own':
      throw problem('forbidden', undefined, { detail: roleAboveOwn })
    case 'already-member':
      throw problem('already-member')
    case 'no-seat':
      throw await seatLimitReached(tx, settings, { accountId: offer.account.id, ...verdict }, at)
    default:
      if (!mayMail) return { kind: 'unpaid' }
      return { kind: 'done', outcome: await makeOffer(tx, settings, caller, offer, at), isMailed: true }
  }
}
