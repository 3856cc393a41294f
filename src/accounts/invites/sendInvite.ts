import { v7 as uuidv7 } from 'uuid'
import { audit } from '../../audit/audit.ts'
import type { Config } from '../../config.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor, Role } from '../../http/actor.ts'
import { refuseUnlessVerified } from '../../identity/refuseUnlessVerified.ts'
import { lockUser, type UserRecord } from '../../identity/users.ts'
import { queueMail } from '../../mail/queueMail.ts'
import { problem } from '../../problems.ts'
import { type MailedToken, mintToken } from '../../secrets/mailedTokens.ts'
import { lockAccount } from '../accounts.ts'
import { type InviteRow, inviteColumns, roleIn } from './invites.ts'
import { mayInvite } from './rules.ts'
import { countSeats, refuseWithoutSeat } from './seats.ts'

const DAY = 86_400_000
const LIVES_DAYS = 7

type Settings = Pick<Config, 'secrets' | 'upgradeUrl' | 'verificationGraceDays'>

export interface Offer {
  email: string
  role: Role
}

/** Whoever invites, and the account that they invite to, both locked until the end. */
export interface Inviting {
  inviter: UserRecord
  account: { id: string; name: string }
  /** The inviter's own role in it. */
  own: Role | null
}

/**
 * Invites an address to the caller's account, and promises the mail. An invite that is out is renewed: it has this role
 * now, and its earlier link opens nothing. Every invite that is out holds a seat.
 */
export async function sendInvite(
  tx: Tx,
  settings: Settings,
  caller: Caller<MemberActor>,
  offer: Offer,
  at: Date,
): Promise<InviteRow> {
  return makeOffer(
    tx,
    settings,
    caller,
    { ...offer, ...(await lockForInviting(tx, settings, caller, at)) },
    at,
  )
}

/** Locks the caller, then their account, and makes sure that they have proved their mailbox. */
export async function lockForInviting(
  tx: Tx,
  settings: Settings,
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
  refuseUnlessVerified(
    inviter,
    settings,
    'Prove that your own mailbox is yours before you invite others.',
    at,
  )
  return { inviter, account, own }
}

/** Writes an offer under the locks that `lockForInviting` took, where rules and seats allow it. */
export async function makeOffer(
  tx: Tx,
  settings: Settings,
  caller: Caller,
  { inviter, account, own, ...offer }: Inviting & Offer,
  at: Date,
): Promise<InviteRow> {
  if (!mayInvite(own, offer.role))
    throw problem('forbidden', undefined, { detail: 'Nobody can invite with a role above their own.' })
  const [isMember, isPending, seats] = await Promise.all([
    hasMember(tx, account.id, offer.email),
    isOut(tx, account.id, offer.email, at),
    countSeats(tx, account.id, at),
  ])
  if (isMember) throw problem('already-member')
  refuseWithoutSeat(seats, seats.members + seats.pending - (isPending ? 1 : 0), settings)
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

async function hasMember(tx: Tx, accountId: string, email: string): Promise<boolean> {
  const member = await tx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('users.id')
    .where('members.account_id', '=', accountId)
    .where('users.email', '=', email)
    .executeTakeFirst()
  return member !== undefined
}

async function isOut(tx: Tx, accountId: string, email: string, at: Date): Promise<boolean> {
  const invite = await pendingOf(tx, accountId, email).where('expires_at', '>', at).executeTakeFirst()
  return invite !== undefined
}

/** Keeps of the link that is about to be replaced that it was ours. */
async function supersedeLink(tx: Tx, accountId: string, email: string): Promise<void> {
  await tx
    .insertInto('superseded_invite_tokens')
    .columns(['token_hash', 'invite_id'])
    .expression(pendingOf(tx, accountId, email))
    .execute()
}

const pendingOf = (tx: Tx, accountId: string, email: string) =>
  tx
    .selectFrom('account_invites')
    .select(['token_hash', 'id'])
    .where('account_id', '=', accountId)
    .where('email', '=', email)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)

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
