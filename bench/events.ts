import { createHmac, randomUUID } from 'node:crypto'
import pg from 'pg'
import { request } from './load.ts'

/** The signing secret that service and limit know. */
export const SIGNING_SECRET = 'whsec_bench'

const CUSTOMERS = 1_000
/** About what an event of a subscription weighs. */
const FILLING = 'x'.repeat(2_500)

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

/** An event that has never been sent, of one of the customers, as a signed request to `path`. */
export function eventRequest(path: string): string {
  const created = Math.floor(Date.now() / 1000)
  const customer = `cus_bench_${1 + Math.floor(Math.random() * CUSTOMERS)}`
  const body = JSON.stringify({
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'customer.subscription.updated',
    created,
    livemode: false,
    data: { object: { id: 'sub_bench', object: 'subscription', customer, filling: FILLING } },
  })
  const v1 = createHmac('sha256', SIGNING_SECRET).update(`${created}.${body}`).digest('hex')
  return request('POST', path, { body, headers: { 'stripe-signature': `t=${created},v1=${v1}` } })
}
