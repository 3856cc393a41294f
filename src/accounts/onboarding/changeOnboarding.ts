import { sql } from 'kysely'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import type { Answer } from './readOnboarding.ts'
import type { SkippableStep } from './rules.ts'

/** How many answers an account keeps, however they come in. */
export const MOST_ANSWERS = 50

/** What is changed; what it does not name stays. */
export interface OnboardingChange {
  /** By name; null takes an answer away. */
  answers: Record<string, Answer | null>
  skip: SkippableStep[]
  unskip: SkippableStep[]
}

/**
 * Merges answers and skipped steps into what the caller's account has, leaving what is not named as it is: parallel
 * changes of different answers both stay. A step that is named in both lists is not skipped.
 */
export async function changeOnboarding(
  tx: Tx,
  caller: Caller<MemberActor>,
  { answers, skip, unskip }: OnboardingChange,
  at: Date,
): Promise<void> {
  const { accountId } = caller.actor
  const names = Object.keys(answers)
  const gone = names.filter((name) => answers[name] === null)
  const given = JSON.stringify(
    Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== null)),
  )
  const skipped = [...new Set(skip)].filter((step) => !unskip.includes(step))
  const details = { answers: names, skipped, unskipped: [...new Set(unskip)] }
  const [{ rows }] = await Promise.all([
    sql`
      insert into account_onboarding as o (account_id, answers, skipped, updated_at)
      values (${accountId}, ${given}::jsonb, ${skipped}::text[], ${at})
      on conflict (account_id) do update set
        answers = (o.answers || excluded.answers) - ${gone}::text[],
        skipped = array(
          select distinct step from unnest(o.skipped || excluded.skipped) step
          where step <> all(${unskip}::text[]) order by step),
        updated_at = excluded.updated_at
      where (select count(*) from jsonb_object_keys((o.answers || excluded.answers) - ${gone}::text[]))
        <= ${MOST_ANSWERS}
      returning account_id`.execute(tx),
    audit(tx, caller, { action: 'onboarding.changed', accountId, details }, at),
  ])
  if (rows.length > 0) return
  const detail = `must leave an account with no more than ${MOST_ANSWERS} answers`
  throw problem('invalid-request', { errors: [{ pointer: '#/answers', detail }] })
}
