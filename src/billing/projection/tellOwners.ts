import type { Tx } from '../../db/transaction.ts'
import { type MailOrder, queueMail } from '../../mail/queueMail.ts'
import type { Difference } from './differences.ts'
import type { MirroredSubscription } from './rules.ts'

interface News {
  accountId: string
  differences: Difference[]
  /** Open invoices whose payment waits for the buyer to confirm it. */
  needingConfirmation: string[]
}

type Dunning = Pick<
  MailOrder<'payment-failed' | 'payment-recovered' | 'payment-confirmation'>,
  'template' | 'fill'
> & {
  /** What happened, once. */
  fact: string
}

/** Mails the owners of an account about a charge that failed, waits for them, or went through at last: once per fact. */
export async function tellOwners(
  tx: Tx,
  { accountId, differences, needingConfirmation }: News,
  at: Date,
): Promise<void> {
  const plans = new Map(
    (await planNames(tx, differences)).map(({ plan, display_name }) => [plan, display_name]),
  )
  const mails = [
    ...differences.flatMap((one) => dunningOf(one, plans, needingConfirmation)),
    ...needingConfirmation.map(
      (invoice): Dunning => ({ template: 'payment-confirmation', fill: {}, fact: invoice }),
    ),
  ]
  if (mails.length === 0) return
  for (const owner of await ownersOf(tx, accountId)) {
    for (const { template, fill, fact } of mails) {
      await queueMail(
        tx,
        {
          template,
          fill,
          to: { address: owner.email, name: owner.name },
          link: { path: '/billing' },
          userId: owner.id,
          accountId,
          onceKey: `${template} ${fact} ${owner.id}`,
        } as MailOrder,
        at,
      )
    }
  }
}

function dunningOf(
  { before, after }: Difference,
  plans: Map<string, string>,
  confirming: string[],
): Dunning[] {
  const plan = plans.get(after.plan ?? '') ?? 'your plan'
  if (hasFailed(after) && !(before && hasFailed(before)) && confirming.length === 0) {
    return [{ template: 'payment-failed', fill: { plan }, fact: `${after.id} ${since(after)}` }]
  }
  if (before && hasFailed(before) && after.status === 'active') {
    return [{ template: 'payment-recovered', fill: { plan }, fact: `${after.id} ${since(before)}` }]
  }
  return []
}

const hasFailed = ({ status }: MirroredSubscription) => status === 'past_due' || status === 'unpaid'
const since = ({ pastDueSince, currentPeriodStart }: MirroredSubscription) =>
  (pastDueSince ?? currentPeriodStart).toISOString()

async function planNames(tx: Tx, differences: Difference[]) {
  if (differences.length === 0) return []
  return tx.selectFrom('plans').select(['plan', 'display_name']).execute()
}

/** Who is told about money: the owners whose users are there. */
export async function ownersOf(tx: Tx, accountId: string) {
  const owners = await tx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['users.id', 'users.email', 'users.name'])
    .where('members.account_id', '=', accountId)
    .where('members.role', '=', 'owner')
    .where('users.deleted_at', 'is', null)
    .execute()
  return owners.flatMap(({ email, ...owner }) => (email === null ? [] : [{ ...owner, email }]))
}
