import type { App } from '../../app.ts'
import { type Tx, together } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { findUser } from '../../identity/users.ts'
import { normaliseAddress } from '../../mail/addresses.ts'
import { problem } from '../../problems.ts'
import type { InviteRow } from './invites.ts'
import {
  judgeOffer,
  lockForInviting,
  makeOffer,
  type OfferSettings,
  readAddressFacts,
  refuseUnproved,
} from './makeOffer.ts'
import { type Budget, type Paid, payForMails, payWhereMailed } from './payForMails.ts'
import { countMails, judgeRows, type Offer, roleAboveOwn } from './rules.ts'
import { countSeats } from './seats.ts'

/**
 * Within it, whoever is invited again as the same has the first mail still at hand, and needs no other. No shorter than
 * the window of the limit: a call that used it up is repeated without another point.
 */
const MAIL_IS_FRESH_MS = 60 * 60_000

/** What became of one row. */
export type RowOutcome =
  | { kind: 'invited' | 'renewed'; invite: InviteRow }
  | { kind: 'already-member' }
  | { kind: 'invalid' | 'duplicate' | 'seat-limit-reached'; detail: string }

/**
 * Invites many addresses to the caller's account, each row for itself and in a commit of its own, and says of each what
 * became of it. Repeating a call, or making it twice at once, ends in the same invites, without another mail to anybody
 * who has just got one.
 */
export async function sendInvites(
  app: App,
  caller: Caller<MemberActor>,
  rows: { email?: string | null; role?: string | null }[],
  at: Date,
): Promise<RowOutcome[]> {
  const typed = rows.map(({ email, role }) => ({ email: normaliseAddress(email ?? ''), role: role ?? null }))
  const judged = judgeRows(typed, caller.actor.role)
  const offers = judged.flatMap((row) => (row.kind === 'offer' ? [row.offer] : []))
  const budget = await payAhead(app, caller, offers, at)
  const outcomes: RowOutcome[] = []
  for (const row of judged) {
    if (row.kind !== 'offer') outcomes.push(row)
    else {
      // One may take a mail that nobody foresaw: a seat has become free since, or an invite was revoked.
      const send = (tx: Tx, mayMail: boolean) => sendRow(tx, app.config, caller, row.offer, mayMail, at)
      outcomes.push(await payWhereMailed(app, budget, send, at))
    }
  }
  return outcomes
}

/** Looks how many mails these offers take, and has the limit let all of them through or none. */
async function payAhead(
  app: App,
  { actor }: Caller<MemberActor>,
  offers: Offer[],
  at: Date,
): Promise<Budget> {
  const { userId, accountId, role: own } = actor
  const emails = offers.map(({ email }) => email)
  const [inviter, factsOf, seats] = await together(app, (db) =>
    Promise.all([
      findUser(db, userId),
      readAddressFacts(db, accountId, emails, at),
      countSeats(db, accountId, at),
    ]),
  )
  if (!inviter) throw problem('session-expired')
  refuseUnproved(inviter, app.config, at)
  return payForMails(app, accountId, countMails({ own, seats, factsOf }, offers, keepSince(at)), at)
}

async function sendRow(
  tx: Tx,
  settings: OfferSettings,
  caller: Caller<MemberActor>,
  offer: Offer,
  mayMail: boolean,
  at: Date,
): Promise<Paid<RowOutcome>> {
  const inviting = await lockForInviting(tx, settings, caller, at)
  const verdict = await judgeOffer(tx, inviting, offer, keepSince(at), at)
  switch (verdict.kind) {
    case 'role-above-own':
      return { kind: 'done', outcome: { kind: 'invalid', detail: roleAboveOwn } }
    case 'already-member':
      return { kind: 'done', outcome: { kind: 'already-member' } }
    case 'no-seat': {
      const detail = `The account has ${verdict.limit} seats, and all are taken.`
      return { kind: 'done', outcome: { kind: 'seat-limit-reached', detail } }
    }
    case 'keep':
      return { kind: 'done', outcome: { kind: 'renewed', invite: verdict.out.row } }
    default: {
      if (!mayMail) return { kind: 'unpaid' }
      const invite = await makeOffer(tx, settings, caller, { ...inviting, ...offer }, at)
      const kind = verdict.kind === 'renew' ? 'renewed' : 'invited'
      return { kind: 'done', outcome: { kind, invite }, isMailed: true }
    }
  }
}

const keepSince = (at: Date) => new Date(at.getTime() - MAIL_IS_FRESH_MS)
