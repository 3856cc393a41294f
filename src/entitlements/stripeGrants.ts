import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { changed, type Tx } from '../db/transaction.ts'

/** What a subscription gives, or null when it gives nothing. */
export interface StripeGrant {
  accountId: string
  subscription: string
  grant: { plan: string; from: Date; until: Date } | null
}

/**
 * Makes the grant of one subscription say what the subscription gives, in the commit that mirrors it. One that gives
 * nothing any more ends now, or stays as it ended before. Grants of other sources are not touched.
 */
export async function setStripeGrant(
  tx: Tx,
  { accountId, subscription, grant }: StripeGrant,
  at: Date,
): Promise<void> {
  const { rows } = grant
    ? await give(tx, accountId, subscription, grant, at)
    : await end(tx, subscription, at)
  if (rows.length > 0) changed(tx, `account:${accountId}`)
}

/**
 * A plan that pins its limits does so at the version in force when the plan was bought: with the subscription, or when
 * that changed to it, as far as `at` tells.
 */
function give(
  tx: Tx,
  accountId: string,
  subscription: string,
  grant: NonNullable<StripeGrant['grant']>,
  at: Date,
) {
  const pinnedAt = (bought: Date) => sql`(select coalesce(
      max(v.version) filter (where c.applied_at <= ${bought}), min(v.version))
    from plan_versions v join catalogue_versions c using (version) join plans p on p.plan = v.plan
    where v.plan = ${grant.plan} and p.pin_limits)`
  return sql`
    insert into grants (id, account_id, source, plan, from_at, until_at, reason, granted_by, created_at,
      stripe_subscription_id, pinned_version)
    values (${uuidv7()}, ${accountId}, 'stripe', ${grant.plan}, ${grant.from}, ${grant.until}, 'subscription', 'stripe',
      ${at}, ${subscription}, ${pinnedAt(grant.from)})
    on conflict (stripe_subscription_id) do update set
      plan = excluded.plan, from_at = excluded.from_at, until_at = excluded.until_at,
      ended_at = null, ended_by = null, end_reason = null,
      pinned_version = case when grants.plan = excluded.plan then grants.pinned_version else ${pinnedAt(at)} end
    where (grants.plan, grants.from_at, grants.until_at) is distinct from (excluded.plan, excluded.from_at, excluded.until_at)
    returning id`.execute(tx)
}

function end(tx: Tx, subscription: string, at: Date) {
  return sql`
    update grants set until_at = greatest(from_at, ${at}::timestamptz), ended_at = ${at}, ended_by = 'stripe', end_reason = 'subscription'
    where stripe_subscription_id = ${subscription} and until_at > greatest(from_at, ${at}::timestamptz)
    returning id`.execute(tx)
}
