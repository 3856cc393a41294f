import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { SkippableStep } from './rules.ts'

/** What an account said when it was new: to one question. */
export type Answer = string | number | boolean | string[]

/** What of an account's beginning no snapshot has. */
export interface Onboarding {
  isNamed: boolean
  hasInvited: boolean
  skipped: SkippableStep[]
  answers: Record<string, Answer>
}

/** What an account has answered, put off, and done beside what a snapshot tells, as one statement sees it. */
export async function readOnboarding(db: Db, accountId: string): Promise<Onboarding> {
  const { rows } = await sql<Onboarding>`
    select a.named_at is not null as "isNamed",
      exists (select from account_invites where account_id = a.id) as "hasInvited",
      coalesce(o.skipped, '{}') as skipped, coalesce(o.answers, '{}') as answers
    from accounts a left join account_onboarding o on o.account_id = a.id
    where a.id = ${accountId}`.execute(db)
  if (!rows[0]) throw new Error(`There is no account ${accountId}`)
  return rows[0]
}
