import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import type { Tx } from '../db/transaction.ts'
import { enqueueAll } from '../jobs/enqueue.ts'
import { refuseOtherMode } from './followMode.ts'
import { projectImportedJob } from './jobs.ts'

/**
 * Notes which customers of Stripe these accounts are, and promises a look at each: what they subscribe to is what Stripe says
 * then, and nobody else's word. An event of such a customer promises a look of its own, which does not wait for this one.
 */
export async function importCustomers(
  tx: Tx,
  app: Pick<App, 'stripe'>,
  customers: { accountId: string; customer: string }[],
  at: Date,
): Promise<void> {
  if (customers.length === 0) return
  await refuseOtherMode(tx, app)
  await sql`
    insert into stripe_customers (id, account_id, stripe_customer_id, asked, created_at)
    select id, account_id, customer, '{}', ${at} from unnest(
      ${customers.map(() => uuidv7())}::uuid[], ${customers.map(({ accountId }) => accountId)}::uuid[],
      ${customers.map(({ customer }) => customer)}::text[]
    ) as n(id, account_id, customer)`.execute(tx)
  const looks = customers.map(({ customer }) => ({
    payload: { customer },
    key: `project-imported ${customer}`,
  }))
  await enqueueAll(tx, projectImportedJob, looks)
}
