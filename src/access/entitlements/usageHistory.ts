import type { App } from '../../app.ts'
import { decide, MEMBERS } from '../../entitlements/rules.ts'
import { pastPeriods } from '../../entitlements/usage/pastPeriods.ts'
import { anchorOf } from '../../entitlements/usage/rules.ts'
import { type AskedAccount, refuse } from './askedAccount.ts'
import { standingOf } from './checkEntitlement.ts'

/** What was used of a limit in the latest periods, as far back as is asked for; refused for a level, which has none. */
export async function usageHistory(
  { db }: Pick<App, 'db'>,
  asked: AskedAccount,
  { limit, periods }: { limit: string; periods: number },
  at: Date,
) {
  const { accountId, facts, catalogue } = asked
  const { per, period } = standingOf(asked, limit, at, '#/query/limit')
  const { start, end } = period
  if (per === null || end === null || limit === MEMBERS) {
    refuse('#/query/limit', 'is a level, which is not counted by periods')
  }
  const counts = await db
    .selectFrom('usage')
    .select(['period_start as periodStart', 'used'])
    .where('account_id', '=', accountId)
    .where('name', '=', limit)
    .where('period_start', '>', new Date(0))
    .orderBy('period_start', 'desc')
    .limit(periods)
    .execute()
  const anchor = anchorOf(per, decide(facts, catalogue, at))
  const data = pastPeriods(counts, { current: { start, end }, anchor, most: periods })
  return {
    limit,
    per,
    data: data.map((one) => ({
      start: one.start.toISOString(),
      end: one.end.toISOString(),
      used: one.used,
    })),
  }
}
