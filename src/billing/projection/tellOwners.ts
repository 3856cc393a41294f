import type { Tx } from '../../db/transaction.ts'
import { mailOwners, type News } from '../mailOwners.ts'
import type { Difference } from './differences.ts'
import type { MirroredSubscription } from './rules.ts'

interface Found {
  accountId: string
  /** Everything that the customer has or had. */
  after: MirroredSubscription[]
  differences: Difference[]
  /** The invoice whose payment waits for the buyer to confirm it. */
  awaitingBuyer: string | null
}

/** Mails the owners of an account about a charge that failed, waits for them, or went through at last: once per fact. */
export async function tellOwners(
  tx: Tx,
  { accountId, after, differences, awaitingBuyer }: Found,
  at: Date,
): Promise<void> {
  if (awaitingBuyer) {
    const news: News<'payment-confirmation'> = {
      template: 'payment-confirmation',
      fill: {},
      fact: awaitingBuyer,
    }
    await mailOwners(tx, accountId, news, at)
  }
  // Not only what differs: the charge that waited for the buyer may have failed since, which changes no row.
  const failing = after.filter(({ status }) => status === 'past_due' && !awaitingBuyer)
  const given = differences.flatMap(({ before, after: now }) => (gaveUp(before, now) ? [now] : []))
  const recovered = differences.flatMap(({ before, after: now }) =>
    before && hasFailed(before) && now.status === 'active' ? [before] : [],
  )
  if (failing.length + given.length + recovered.length === 0) return
  const plans = await planNames(tx)
  const nameOf = ({ plan }: MirroredSubscription) => ({ plan: plans.get(plan ?? '') ?? 'your plan' })
  const tell = (template: 'payment-failed' | 'payment-recovered', one: MirroredSubscription) =>
    mailOwners(tx, accountId, { template, fill: nameOf(one), fact: factOf(one) }, at)
  for (const one of [...failing, ...given]) await tell('payment-failed', one)
  for (const one of recovered) await tell('payment-recovered', one)
}

const hasFailed = ({ status }: MirroredSubscription) => status === 'past_due' || status === 'unpaid'

/** Whether nothing told before that a charge has failed. */
function gaveUp(before: MirroredSubscription | null, after: MirroredSubscription): boolean {
  return after.status === 'unpaid' && !(before && hasFailed(before))
}

const factOf = ({ id, pastDueSince, currentPeriodStart }: MirroredSubscription) =>
  `${id} ${(pastDueSince ?? currentPeriodStart).toISOString()}`

async function planNames(tx: Tx): Promise<Map<string, string>> {
  const rows = await tx.selectFrom('plans').select(['plan', 'display_name']).execute()
  return new Map(rows.map(({ plan, display_name }) => [plan, display_name]))
}
