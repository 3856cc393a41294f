import type { App } from '../../app.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { inviteLimits } from '../../identity/throttles.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'

/** Mails of an account that the limit has let through, and that have not been sent yet. */
export interface Budget {
  accountId: string
  mails: number
}

/** What a transaction comes to that mails only what is paid for. */
export type Paid<T> = { kind: 'unpaid' } | { kind: 'done'; outcome: T; isMailed?: true }

/** Has the limit let so many mails through, or throws `too-many-requests` and takes nothing. */
export async function payForMails(app: App, accountId: string, mails: number, at: Date): Promise<Budget> {
  if (mails > 0) refuseAboveLimit(await app.limiter.take(inviteLimits(accountId, mails), at))
  return { accountId, mails }
}

/**
 * Runs `work` in a transaction. Where that takes a mail and the budget has none, it has written nothing; then one is paid
 * for, and it judges anew. So what is refused costs nothing.
 */
export async function payWhereMailed<T>(
  app: App,
  budget: Budget,
  work: (tx: Tx, mayMail: boolean) => Promise<Paid<T>>,
  at: Date,
): Promise<T> {
  for (;;) {
    const done = await inTx(app, (tx) => work(tx, budget.mails > 0))
    if (done.kind === 'done') {
      if (done.isMailed) budget.mails--
      return done.outcome
    }
    budget.mails += (await payForMails(app, budget.accountId, 1, at)).mails
  }
}
