import type { App } from '../../app.ts'
import { inTx, type Tx, together } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { inviteLimits } from '../../identity/throttles.ts'
import { findUser } from '../../identity/users.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { normaliseAddress } from '../../mail/addresses.ts'
import { problem } from '../../problems.ts'
import type { InviteRow } from './invites.ts'
import {
  judgeOffer,
  lockForInviting,
  makeOffer,
  type OfferSettings,
  readStandings,
  refuseUnproved,
} from './makeOffer.ts'
import { countMails, judgeRows, type Offer, roleAboveOwn } from './rules.ts'
import { countSeats } from './seats.ts'

/** Within it, whoever is invited again as the same has the first mail still at hand, and needs no other. */
const MAIL_IS_FRESH_MS = 10 * 60_000

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
  rows: { email: string; role: string }[],
  at: Date,
): Promise<RowOutcome[]> {
  const typed = rows.map(({ email, role }) => ({ email: normaliseAddress(email), role }))
  const judged = judgeRows(typed, caller.actor.role)
  const offers = judged.flatMap((row) => (row.kind === 'offer' ? [row.offer] : []))
  const budget = { mails: await payForMails(app, caller, offers, at) }
  const outcomes: RowOutcome[] = []
  for (const row of judged)
    outcomes.push(row.kind === 'offer' ? await sendRow(app, caller, { offer: row.offer, budget }, at) : row)
  return outcomes
}

/** Looks how many mails these offers take, and has the limit let all of them through or none. */
async function payForMails(
  app: App,
  { actor }: Caller<MemberActor>,
  offers: Offer[],
  at: Date,
): Promise<number> {
  const { userId, accountId, role: own } = actor
  const emails = offers.map(({ email }) => email)
  const [inviter, standings, seats] = await together(app, (db) =>
    Promise.all([
      findUser(db, userId),
      readStandings(db, accountId, emails, at),
      countSeats(db, accountId, at),
    ]),
  )
  if (!inviter) throw problem('session-expired')
  refuseUnproved(inviter, app.config, at)
  const mails = countMails({ own, seats, standings }, offers, keepSince(at))
  if (mails > 0) refuseAboveLimit(await app.limiter.take(inviteLimits(accountId, mails), at))
  return mails
}

async function sendRow(
  app: App,
  caller: Caller<MemberActor>,
  { offer, budget }: { offer: Offer; budget: { mails: number } },
  at: Date,
): Promise<RowOutcome> {
  for (;;) {
    const sent = await inTx(app, (tx) => sendOne(tx, app.config, caller, offer, budget.mails > 0, at))
    if (sent.kind !== 'unpaid') {
      if (sent.isMailed) budget.mails--
      return sent.outcome
    }
    // It takes a mail that nobody foresaw: a seat has become free since, or an invite was revoked.
    refuseAboveLimit(await app.limiter.take(inviteLimits(caller.actor.accountId), at))
    budget.mails++
  }
}

type Sent = { kind: 'unpaid' } | { kind: 'done'; outcome: RowOutcome; isMailed?: true }

async function sendOne(
  tx: Tx,
  settings: OfferSettings,
  caller: Caller<MemberActor>,
  offer: Offer,
  mayMail: boolean,
  at: Date,
): Promise<Sent> {
  const inviting = await lockForInviting(tx, settings, caller, at)
  const verdict = await judgeOffer(tx, inviting, offer, keepSince(at), at)
  switch (verdict.kind) {
    case 'role-above-own':
      return { kind: 'done', outcome: { kind: 'invalid', detail: roleAboveOwn } }
    case 'already-member':
      return { kind: 'done', outcome: { kind: 'already-member' } }
    case 'no-seat': {
      const detail = `The plan has ${verdict.limit} seats, and all are taken.`
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
