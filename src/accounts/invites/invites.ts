import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Role } from '../../http/actor.ts'
import { pageBounds, pageFrom } from '../../http/pages.ts'
import { problem } from '../../problems.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { type LinkedInvite, statusOf, whyVoid } from './rules.ts'

export const inviteColumns = [
  'id',
  'email',
  'role',
  'invited_by',
  'created_at',
  'expires_at',
  'accepted_at',
  'revoked_at',
] as const

/** An invite as those see it who may send it. Nothing in it opens anything. */
export interface InviteRow {
  id: string
  email: string
  role: string
  invited_by: string
  created_at: Date
  expires_at: Date
  accepted_at: Date | null
  revoked_at: Date | null
}

/** A page of the invites of an account, also those that are over, the newest first. */
export async function listInvites(
  db: Db,
  accountId: string,
  query: { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(query)
  const rows = await db
    .selectFrom('account_invites')
    .select(inviteColumns)
    .where('account_id', '=', accountId)
    .$if(after !== null, (q) =>
      q.where((e) =>
        e(e.refTuple('created_at', 'id'), '<', e.tuple(after?.at ?? new Date(0), after?.id ?? '')),
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const positionOf = (row: InviteRow) => ({ at: row.created_at, id: row.id })
  return pageFrom(rows, limit, positionOf, (row) => describeInvite(row, at))
}

/** An invite in the words of the wire. */
export function describeInvite(row: InviteRow, at: Date) {
  const fate = { expiresAt: row.expires_at, acceptedAt: row.accepted_at, revokedAt: row.revoked_at }
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status: statusOf(fate, at),
    invited_by: row.invited_by,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    accepted_at: row.accepted_at?.toISOString() ?? null,
  }
}

/** What whoever holds the link of an invite may know. */
export interface Invite extends LinkedInvite {
  id: string
  email: string
  accountId: string
  accountName: string
  inviterName: string | null
}

/**
 * The invite that a mailed link opens, or a refusal that says why it opens nothing. What it answers is sure until the
 * end of a transaction that has locked the account, and only then.
 */
export async function getInvite(db: Db, token: string, at: Date): Promise<Invite> {
  const invite = await findInvite(db, hashToken(token))
  if (!invite) throw problem('token-unknown')
  const fault = whyVoid(invite, at)
  if (fault) throw problem(fault, undefined, { detail: faults[fault] })
  return invite
}

const faults = {
  'token-used': 'This invite has been accepted. Sign in to get to the account.',
  'token-canceled':
    'This invite was revoked, or whoever sent it may not invite any more. Ask to be invited again.',
  'token-superseded': 'You were invited again since: open the link in the newest mail.',
  'token-expired': 'Invites live seven days. Ask to be invited again.',
}

async function findInvite(db: Db, tokenHash: Buffer): Promise<Invite | null> {
  const { rows } = await sql<Invite>`
    select i.id, i.email, i.role, i.account_id as "accountId", a.name as "accountName", u.name as "inviterName",
      i.expires_at as "expiresAt", i.accepted_at as "acceptedAt", i.revoked_at as "revokedAt",
      i.token_hash <> ${tokenHash} as "isSuperseded", a.closed_at as "accountClosedAt", m.role as "inviterRole"
    from account_invites i
    join accounts a on a.id = i.account_id
    join users u on u.id = i.invited_by
    left join members m on m.account_id = i.account_id and m.user_id = i.invited_by
    where i.id = coalesce(
      (select id from account_invites where token_hash = ${tokenHash}),
      (select invite_id from superseded_invite_tokens where token_hash = ${tokenHash}))`.execute(db)
  return rows[0] ?? null
}

/** What a user is in an account; null when they are no member. */
export async function roleIn(db: Db, accountId: string, userId: string): Promise<Role | null> {
  const member = await db
    .selectFrom('members')
    .select('role')
    .where('account_id', '=', accountId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return (member?.role as Role | undefined) ?? null
}
