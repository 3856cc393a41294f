import type { App } from '../../app.ts'
import { announceUsage, isOther, noteOnce, type UsageOrder } from './usageKeys.ts'

/** What became of an order to count. `used` is of the order’s period. */
export type Consumed =
  /** Counted, by this call or, where that is not `now`, by an earlier one with the same key. */
  | { kind: 'counted'; used: number; now: boolean }
  | { kind: 'limit-reached'; used: number }
  | { kind: 'key-reused' }

/**
 * Counts an amount where it fits, all of it or nothing, and once for each key: one guarded statement, exact however many
 * call at once. A refusal is noted too, so that giving back under its key takes nothing off.
 */
export async function consumeUsage(
  app: Pick<App, 'db' | 'changes'>,
  order: UsageOrder & { most: number | null },
  at: Date,
): Promise<Consumed> {
  const { accountId, key, limit, amount, period, most } = order
  const parameters = [accountId, key, limit, amount, period.start, most, at]
  for (;;) {
    const found = await noteOnce<Found>(app.db, statement, parameters)
    // Somebody came with the same key in the same moment: look again, at what that one left.
    if (!found) continue
    if (found.counted !== null) {
      announceUsage(app, order)
      return { kind: 'counted', used: found.counted, now: true }
    }
    if (found.isOther) return { kind: 'key-reused' }
    const used = found.used ?? 0
    if (found.isConsumed) return { kind: 'counted', used, now: false }
    if (order.most !== null && used + order.amount > order.most) return { kind: 'limit-reached', used }
    // Refused by what was counted after the statement began, perhaps under this very key: look again.
  }
}

interface Found {
  counted: number | null
  isConsumed: boolean
  isOther: boolean
  used: number | null
}

/** $1 account, $2 key, $3 limit, $4 amount, $5 the period’s start, $6 the most that is allowed, $7 now. */
const statement = `
  with known as (
    select round, state = 'consumed' as is_consumed, ${isOther} as is_other
    from usage_keys where account_id = $1 and idempotency_key = $2
    order by round desc limit 1
  ), counted as (
    insert into usage (account_id, name, period_start, used)
    select $1, $3, $5::timestamptz, $4::bigint
    where not exists (select from known where is_consumed or is_other) and ($6::bigint is null or $4 <= $6)
    on conflict (account_id, name, period_start) do update set used = usage.used + excluded.used
      where $6::bigint is null or usage.used + excluded.used <= $6
    returning used
  ), noted as (
    insert into usage_keys (account_id, idempotency_key, round, name, amount, period_start, state, at)
    select $1, $2, coalesce((select round from known), 0) + 1, $3, $4, $5, 'consumed', $7::timestamptz from counted
  ), refused as (
    insert into usage_keys (account_id, idempotency_key, round, name, amount, period_start, state, at)
    select $1, $2, 1, $3, $4, $5, 'refused', $7::timestamptz
    where not exists (select from known) and not exists (select from counted)
      and coalesce((select used from usage where account_id = $1 and name = $3 and period_start = $5), 0) + $4::bigint > $6
  )
  select (select used from counted) as counted,
    coalesce((select is_consumed from known), false) as "isConsumed",
    coalesce((select is_other from known), false) as "isOther",
    (select used from usage where account_id = $1 and name = $3 and period_start = $5) as used`
