import type { NotNull } from 'kysely'
import type { Db } from '../../db/database.ts'
import { hasFactor } from '../../factors/hasFactor.ts'
import { isAtLeast, type Role } from '../../http/actor.ts'
import { pageBounds, pageFrom } from '../../http/pages.ts'

/** A user in an account. */
export interface Member {
  userId: string
  email: string
  name: string | null
  emailVerifiedAt: Date | null
  role: Role
  hasSecondFactor: boolean
  joinedAt: Date
}

/** A page of the members of an account, the newest first, as somebody with this role sees them. */
export async function listMembers(
  db: Db,
  { accountId, role }: { accountId: string; role: Role },
  query: { limit?: number; cursor?: string },
) {
  // Whom a password alone would open the account for is nothing for everybody.
  const seesFactors = isAtLeast(role, 'admin')
  const { limit, after } = pageBounds(query)
  const rows = await membersOf(db, accountId)
    .$if(after !== null, (q) =>
      q.where((e) =>
        e(
          e.refTuple('members.created_at', 'members.user_id'),
          '<',
          e.tuple(after?.at ?? new Date(0), after?.id ?? ''),
        ),
      ),
    )
    .orderBy('members.created_at', 'desc')
    .orderBy('members.user_id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageFrom(
    rows,
    limit,
    ({ joinedAt, userId }) => ({ at: joinedAt, id: userId }),
    (member) => ({
      ...describeMember(member),
      ...(seesFactors && { has_second_factor: member.hasSecondFactor }),
    }),
  )
}

/** Who a user is in an account; null when they are no member. */
export async function findMember(db: Db, accountId: string, userId: string): Promise<Member | null> {
  const row = await membersOf(db, accountId).where('members.user_id', '=', userId).executeTakeFirst()
  return row ?? null
}

/** A member in the words of the wire. */
export function describeMember({ userId, email, name, emailVerifiedAt, role, joinedAt }: Member) {
  return {
    user_id: userId,
    email,
    name,
    role,
    email_verified: emailVerifiedAt !== null,
    joined_at: joinedAt.toISOString(),
  }
}

/** The members of an account, in no order. */
export const membersOf = (db: Db, accountId: string) =>
  db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select([
      'members.user_id as userId',
      'users.email',
      'users.name',
      'users.email_verified_at as emailVerifiedAt',
      'members.role',
      'members.created_at as joinedAt',
      hasFactor('members.user_id').as('hasSecondFactor'),
    ])
    .where('members.account_id', '=', accountId)
    .where('users.email', 'is not', null)
    .$narrowType<{ email: NotNull; role: Role }>()
