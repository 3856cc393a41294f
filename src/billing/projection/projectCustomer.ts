import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { passTime, takeTurn, turnToRead, untilTurn } from '../../stripe/pace.ts'
import { parkAfterFailures } from '../events/parkAfterFailures.ts'
import { commitProjection, type Outcome } from './commitProjection.ts'
import { fetchHoldings } from './fetchHoldings.ts'

/** The job: what cannot be mirrored parks the events that asked for it. */
export async function projectOnEvents(app: App, { customer }: { customer: string }): Promise<void> {
  const begun = await begin(app, customer)
  if (!begun) return
  await parkAfterFailures(app, begun.events, async () => void (await project(app, customer, begun)))
}

/**
 * Makes our rows say what Stripe holds of a customer at some instant after this was called. Whoever looked later
 * wins: an answer of Stripe's that comes late is not written over one that was asked for after it.
 */
export async function projectCustomer(app: App, customer: string): Promise<Outcome> {
  const begun = await begin(app, customer)
  return begun ? project(app, customer, begun) : { kind: 'unknown' }
}

interface Begun {
  token: number
  /** Events that had come by now, and are handled by what is seen from now on. */
  events: string[]
  wait: number
}

/** Takes the token before anything is asked of Stripe, and a turn to ask, in one round trip. */
async function begin(app: App, customer: string): Promise<Begun | undefined> {
  const { rows } = await sql<Begun>`
    with ${takeTurn(app)}, customer as (
      update stripe_customers set looked_at = ${app.now()} where stripe_customer_id = ${customer}
      returning stripe_customer_id
    )
    select nextval('projection_tokens') as token, ${untilTurn} as wait,
      (select coalesce(array_agg(id), '{}') from stripe_events e
        where e.stripe_customer_id = c.stripe_customer_id and e.status = 'received') as events
    from customer c`.execute(app.db)
  return rows[0]
}

async function project(app: App, customer: string, { token, events, wait }: Begun): Promise<Outcome> {
  if (!app.stripe) return { kind: 'unknown' }
  await passTime(wait)
  const holdings = await fetchHoldings(await app.stripe.client(), customer, () => turnToRead(app))
  const at = app.now()
  return inTx(app, (tx) => commitProjection(tx, app, { customer, token, events, holdings }, at))
}
