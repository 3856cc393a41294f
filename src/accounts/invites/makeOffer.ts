import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../audit/audit.ts'
import type { Config } from '../../config.ts'
import type { Db } from '../../db/database.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { type Caller, isAtLeast, type MemberActor, type Role } from '../../http/actor.ts'
import { refuseUnlessVerified } from '../../identity/refuseUnlessVerified.ts'
import { lockUser, type UserRecord } from '../../identity/users.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { problem } from '../../problems.ts'
import { type MailedToken, mintToken } from '../../secrets/mailedTokens.ts'
import { lockAccount } from '../accounts.ts'
import { type InviteRow, inviteColumns, roleIn } from './invites.ts'
import { type AddressFacts, decideOffer, type Offer, type OfferVerdict, type OutInvite } from './rules.ts'
import { countSeats } from './seats.ts'

const DAY = 86_400_000
const LIVES_DAYS = 7

/** What making an offer takes of the configuration. */
export type OfferSettings = Pick<Config, 'secrets' | 'verificationGraceDays'>

/** Whoever invites, and the account that they invite to, both locked until the end. */
export interface Inviting {
  inviter: UserRecord
  account: { id: string; name: string }
  /** The inviter's own role in it. */
  own: Role
}

/** Locks the caller, then their account, and makes sure that they may invite and have proved their mailbox. */
export async function lockForInviting(
  tx: Tx,
  settings: OfferSettings,
  caller: Caller<MemberActor>,
  at: Date,
): Promise<Inviting> {
  const { userId, accountId } = caller.actor
  const [inviter, account, own] = await Promise.all([
    lockUser(tx, userId),
    lockAccount(tx, accountId),
    roleIn(tx, accountId, userId),
  ])
  if (!inviter) throw problem('session-expired')
  if (!account || account.closedAt) throw problem('account-closed')
  // The access token may be a moment older than what has become of them.
  if (!own || !isAtLeast(own, 'admin')) throw problem('forbidden')
  refuseUnproved(inviter, settings, at)
  return { inviter, account, own }
}

/** Throws `email-verification-required` unless whoever invites has proved their own mailbox. */
export function refuseUnproved(inviter: UserRecord, settings: OfferSettings, at: Date): void {
  refuseUnlessVerified(
    inviter,
    settings,
    'Prove that your own mailbox is yours before you invite others.',
    at,
  )
}

/** An invite that is out, with the row that is shown of it. */
export interface OutRow extends OutInvite {
  row: InviteRow
}

/** What becomes of an offer, under the locks that `lockForInviting` took; see `decideOffer`. */
export async function judgeOffer(
  tx: Tx,
  { account, own }: Inviting,
  { email, role }: Offer,
  keepSince: Date | null,
  at: Date,
): Promise<OfferVerdict<OutRow>> {
  const [factsOf, seats] = await Promise.all([
    readAddressFacts(tx, account.id, [email], at),
    countSeats(tx, account.id, at),
  ])
  return decideOffer({ own, seats, ...factsOf(email) }, role, keepSince)
}

/** What the account knows of each of these addresses: sure only where the transaction has locked it. */
export async function readAddressFacts(
  db: Db,
  accountId: string,
  emails: string[],
  at: Date,
): Promise<(email: string) => AddressFacts<OutRow>> {
  const [members, invites] = await Promise.all([
    db
      .selectFrom('users')
      .innerJoin('members', 'members.user_id', 'users.id')
      .select('users.email')
      .where('members.account_id', '=', accountId)
      .where(sql<boolean>`users.email = any(${emails}::text[])`)
      .execute(),
    db
      .selectFrom('account_invites as i')
      .leftJoin('members as m', (join) =>
        join.onRef('m.account_id', '=', 'i.account_id').onRef('m.user_id', '=', 'i.invited_by'),
      )
      .select(inviteColumns.map((column) => `i.${column}` as const))
      .select(['i.sent_at', 'm.role as inviter_role'])
      .where('i.account_id', '=', accountId)
      .where(sql<boolean>`i.email = any(${emails}::text[])`)
      .where('i.accepted_at', 'is', null)
      .where('i.revoked_at', 'is', null)
      .where('i.expires_at', '>', at)
      .execute(),
  ])
  const isMember = new Set(members.map(({ email }) => email))
  const out = new Map(
    invites.map(({ sent_at, inviter_role, ...row }) => [
      row.email,
      { role: row.role as Role, sentAt: sent_at, inviterRole: inviter_role as Role | null, row },
    ]),
  )
  return (email) => ({ isMember: isMember.has(email), out: out.get(email) ?? null })
}

/**
 * Writes an offer that `judgeOffer` has passed, and promises its mail. An invite that is out is renewed: it has this
 * role now, and its earlier link opens nothing. One that has expired is sent anew, under the id that it had.
 */
export async function makeOffer(
  tx: Tx,
  settings: OfferSettings,
  caller: Caller,
  { inviter, account, ...offer }: Inviting & Offer,
  at: Date,
): Promise<InviteRow> {
  changed(tx, `account:${account.id}`)
  const token = mintToken(settings.secrets, 'invite', uuidv7())
  const [, invite] = await Promise.all([
    supersedeLink(tx, account.id, offer.email),
    writeInvite(tx, { ...offer, accountId: account.id, invitedBy: inviter.id, token }, at),
    mailOffer(tx, { ...offer, account, inviter, token }, at),
  ])
  await audit(
    tx,
    caller,
    { action: 'invite.sent', accountId: account.id, details: { invite: invite.id, role: offer.role } },
    at,
  )
  return invite
}

/** Keeps of the link that is about to be replaced that it was ours. */
async function supersedeLink(tx: Tx, accountId: string, email: string): Promise<void> {
  await tx
    .insertInto('superseded_invite_tokens')
    .columns(['token_hash', 'invite_id'])
    .expression(
      tx
        .selectFrom('account_invites')
        .select(['token_hash', 'id'])
        .where('account_id', '=', accountId)
        .where('email', '=', email)
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null),
    )
    .execute()
}

function writeInvite(
  tx: Tx,
  {
    accountId,
    email,
    role,
    invitedBy,
    token,
  }: Offer & { accountId: string; invitedBy: string; token: MailedToken },
  at: Date,
): Promise<InviteRow> {
  const renewed = {
    role,
    token_hash: Buffer.from(token.hash, 'base64url'),
    invited_by: invitedBy,
    sent_at: at,
    expires_at: new Date(at.getTime() + LIVES_DAYS * DAY),
  }
  return tx
    .insertInto('account_invites')
    .values({ id: uuidv7(), account_id: accountId, email, created_at: at, ...renewed })
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'email'])
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        .doUpdateSet(renewed),
    )
    .returning(inviteColumns)
    .executeTakeFirstOrThrow()
}

function mailOffer(
  tx: Tx,
  {
    email,
    role,
    account,
    inviter,
    token,
  }: Offer & Pick<Inviting, 'account' | 'inviter'> & { token: MailedToken },
  at: Date,
): Promise<boolean> {
  return queueMail(
    tx,
    {
      template: 'invite',
      to: { address: email, name: null },
      fill: { account: account.name, inviter: inviter.name ?? inviter.email, role, days: LIVES_DAYS },
      link: { path: '/accept-invite', token },
      accountId: account.id,
    },
    at,
  )
}
