import type { App } from '../../app.ts'
import { announceUsage, isOther, noteOnce, type UsageOrder } from './usageKeys.ts'

/** What became of an order to give back. */
export type Released =
  /** Given back, by this call or by an earlier one; `used` is of the current period. */
  { kind: 'released'; used: number } | { kind: 'key-reused' }

/**
 * Gives back what was consumed under a key, into the period that it was taken from, once; the key can then be consumed
 * again. Under a key that was refused there is nothing to give back. Under one that is not known the amount is taken off
 * the current period, never below zero, once too.
 */
export async function releaseUsage(
  app: Pick<App, 'db' | 'changes'>,
  order: UsageOrder,
  at: Date,
): Promise<Released> {
  const { accountId, key, limit, amount, period } = order
  const parameters = [accountId, key, limit, amount, period.start, at]
  for (;;) {
    const found = await noteOnce<Found>(app.db, statement, parameters)
    // Somebody came with the same key in the same moment: look again, at what that one left.
    if (!found) continue
    if (found.isOther) return { kind: 'key-reused' }
    announceUsage(app, order)
    return { kind: 'released', used: found.used ?? 0 }
  }
}

interface Found {
  isOther: boolean
  used: number | null
}

/**
 * $1 account, $2 key, $3 limit, $4 amount, $5 the current period’s start, $6 now. The count is locked before the key is
 * touched, as consuming does, so that the two never wait for each other.
 */
const statement = `
  with known as (
    select round, state, period_start, ${isOther} as is_other
    from usage_keys where account_id = $1 and idempotency_key = $2
    order by round desc limit 1
  ), locked as (
    select from usage
    where account_id = $1 and name = $3 and period_start = coalesce((select period_start from known), $5::timestamptz)
    for update
  ), marked as (
    update usage_keys k set state = 'released', at = $6
    from known, (select count(*) from locked) after_locked
    where k.account_id = $1 and k.idempotency_key = $2 and k.round = known.round
      and not known.is_other and k.state = 'consumed'
    returning k.period_start
  ), given as (
    update usage set used = greatest(used - $4::bigint, 0)
    where account_id = $1 and name = $3
      and period_start = (select period_start from marked union all select $5::timestamptz where not exists (select from known))
    returning period_start, used
  ), noted as (
    insert into usage_keys (account_id, idempotency_key, round, name, amount, period_start, state, at)
    select $1, $2, 1, $3, $4, $5, 'released', $6::timestamptz
    from (select count(*) from given) after_given
    where not exists (select from known)
  )
  select coalesce((select is_other from known), false) as "isOther",
    coalesce(
      (select used from given where period_start = $5),
      (select used from usage where account_id = $1 and name = $3 and period_start = $5)
    ) as used`
