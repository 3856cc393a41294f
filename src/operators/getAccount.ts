import type { Db } from '../db/database.ts'
import { problem } from '../problems.ts'

const TIMELINE_LENGTH = 100

/** One account as operators see it: members, grants, and the newest entries of its trail. */
export async function getAccount(db: Db, id: string) {
  const account = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
  if (!account) throw problem('not-found')
  const [members, grants, timeline] = await Promise.all([
    db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select([
        'members.user_id',
        'members.role',
        'users.email',
        'users.name',
        'users.email_verified_at',
        'members.created_at',
      ])
      .where('members.account_id', '=', id)
      .orderBy('members.created_at')
      .execute(),
    db.selectFrom('grants').selectAll().where('account_id', '=', id).orderBy('created_at', 'desc').execute(),
    db
      .selectFrom('audit_log')
      .select(['id', 'at', 'action', 'actor_kind', 'actor_id', 'user_id', 'details'])
      .where('account_id', '=', id)
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(TIMELINE_LENGTH)
      .execute(),
  ])
  return {
    id: account.id,
    name: account.name,
    created_at: account.created_at.toISOString(),
    closed_at: account.closed_at?.toISOString() ?? null,
    members: members.map((member) => ({
      user_id: member.user_id,
      role: member.role,
      email: member.email,
      name: member.name,
      email_verified: member.email_verified_at !== null,
      joined_at: member.created_at.toISOString(),
    })),
    grants: grants.map((grant) => ({
      id: grant.id,
      source: grant.source,
      plan: grant.plan,
      from: grant.from_at.toISOString(),
      until: grant.until_at?.toISOString() ?? null,
      reason: grant.reason,
    })),
    timeline: timeline.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
  }
}
