import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { takeTurn, turnToRead, untilTurn, waitForTurn } from '../../stripe/pace.ts'
import { parkAfterFailures } from '../events/parkAfterFailures.ts'
import { reportDrift } from '../reconcile/drift.ts'
import { raiseAlarms } from './alarms.ts'
import { commitProjection, type Outcome } from './commitProjection.ts'
import { fetchHoldings } from './fetchHoldings.ts'

/** Who looks. A caller does not wait long for a turn; what a sweep finds though no event had come is drift. */
export type Looker = 'job' | 'caller' | 'sweep'

/** The job: what cannot be mirrored parks the events that asked for it. */
export async function projectOnEvents(app: App, { customer }: { customer: string }): Promise<void> {
  const begun = await begin(app, customer, 'job')
  if (!begun) return
  await parkAfterFailures(app, begun.events, async () => void (await project(app, customer, begun, 'job')))
}

/**
 * Makes our rows say what Stripe holds of a customer at some instant after this was called. Whoever looked later
 * wins: an answer of Stripe's that comes late is not written over one that was asked for after it. For a caller it
 * throws `stripe-unavailable` when too many others wait for their turn.
 */
export async function projectCustomer(app: App, customer: string, looker: Looker): Promise<Outcome> {
  const begun = await begin(app, customer, looker)
  return begun ? project(app, customer, begun, looker) : { kind: 'unknown' }
}

interface Begun {
  token: number
  /** Events that had come by now, and are handled by what is seen from now on. */
  events: string[]
  wait: number | null
}

const patienceOf = (looker: Looker) => (looker === 'caller' ? 'caller' : 'job')

/** Takes the token before anything is asked of Stripe, and a turn to ask, in one round trip. */
async function begin(app: App, customer: string, looker: Looker): Promise<Begun | undefined> {
  const { rows } = await sql<Begun>`
    with ${takeTurn(app, patienceOf(looker))}, customer as (
      update stripe_customers set looked_at = ${app.now()} where stripe_customer_id = ${customer}
      returning stripe_customer_id
    )
    select nextval('projection_tokens') as token, ${untilTurn} as wait,
      (select coalesce(array_agg(id), '{}') from stripe_events e
        where e.stripe_customer_id = c.stripe_customer_id and e.status = 'received') as events
    from customer c`.execute(app.db)
  return rows[0]
}

async function project(
  app: App,
  customer: string,
  { token, events, wait }: Begun,
  looker: Looker,
): Promise<Outcome> {
  if (!app.stripe) return { kind: 'unknown' }
  await waitForTurn(wait)
  const turn = () => turnToRead(app, patienceOf(looker))
  const holdings = await fetchHoldings(await app.stripe.client(), customer, turn)
  const look = { customer, token, events, isSweep: looker === 'sweep', holdings }
  const at = app.now()
  const outcome = await inTx(app, (tx) => commitProjection(tx, app, look, at))
  if (outcome.kind !== 'unknown') raiseAlarms(app, outcome.accountId, outcome.alarms)
  if (outcome.kind === 'written') reportDrift(app, outcome.drift)
  return outcome
}
