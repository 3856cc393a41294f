import { createHmac, randomUUID } from 'node:crypto'
import pg from 'pg'
import { request } from './load.ts'

/** The signing secret that service and limit know. */
export const SIGNING_SECRET = 'whsec_bench'

/** How many customers there are, each with a subscription. */
export const CUSTOMERS = 1_000
/** About what an event of a subscription weighs. */
const FILLING = 'x'.repeat(2_000)

/** Makes customers whose events the service follows. */
export async function addCustomers(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `with a as (
         insert into accounts (id, name, created_at) select gen_random_uuid(), 'bench', now() from generate_series(1, ${CUSTOMERS})
         returning id
       )
       insert into stripe_customers (id, account_id, stripe_customer_id, asked, created_at)
       select gen_random_uuid(), id, 'cus_bench_' || row_number() over (), '{}', now() from a`,
    )
  } finally {
    await client.end()
  }
}

/** An event that has never been sent, of this customer or any of ours, as a signed request to `path`. */
export function eventRequest(path: string, payer = anyPayer()): string {
  const created = Math.floor(Date.now() / 1000)
  const body = JSON.stringify({
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'customer.subscription.updated',
    created,
    livemode: false,
    data: { object: subscriptionOf(payer, created) },
  })
  const v1 = createHmac('sha256', SIGNING_SECRET).update(`${created}.${body}`).digest('hex')
  return request('POST', path, { body, headers: { 'stripe-signature': `t=${created},v1=${v1}` } })
}

/** Who pays at Stripe, and for what. */
export interface Payer {
  customer: string
  subscription: string
}

function anyPayer(): Payer {
  const which = 1 + Math.floor(Math.random() * CUSTOMERS)
  return { customer: `cus_bench_${which}`, subscription: `sub_bench_${which}` }
}

function subscriptionOf({ customer, subscription }: Payer, at: number) {
  const item = {
    id: `si_${subscription}`,
    object: 'subscription_item',
    quantity: 1,
    current_period_start: at,
    current_period_end: at + 30 * 86_400,
    price: { id: 'price_bench', object: 'price', recurring: { interval: 'month' } },
  }
  return {
    id: subscription,
    object: 'subscription',
    customer,
    status: 'active',
    cancel_at_period_end: false,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    metadata: {},
    items: { object: 'list', data: [item] },
    filling: FILLING,
  }
}
