import type { Objects } from '../../sandbox/stripe/objects.ts'
import type { Payer, Stage } from './stage.ts'

interface Row {
  account_id: string
  id: string
  status: string
  price: string
  quantity: number
  period_end: Date
  ending: boolean
  cancel_at: Date | null
  trial_end: Date | null
  ended_at: Date | null
  plan: string | null
  past_due_since: Date | null
  grant_plan: string | null
  from_at: Date | null
  until_at: Date | null
}

const HOUR = 3_600_000
const GRACE_MS = 7 * 24 * HOUR
const ALLOWANCE_MS = 6 * HOUR

/** Everything in which the rows of these accounts differ from what Stripe holds; nothing when they say the same. */
export async function differences(stage: Stage, payers: Payer[]): Promise<string[]> {
  const rows = await rowsOf(stage, payers)
  const { store } = stage.standIn.stripe
  const now = Date.now()
  return payers.flatMap(({ accountId, customer }) => {
    const local = rows.filter((row) => row.account_id === accountId)
    const held = store.listOf('subscription', customer)
    const missing = held
      .filter(({ id }) => !local.some((row) => row.id === id))
      .map(({ id }) => `${id} is not mirrored`)
    const wrong = local.flatMap((row) => {
      const one = held.find(({ id }) => id === row.id)
      if (!one) return row.ended_at ? [] : [`${row.id} is not at Stripe`]
      const item = one.items.data[0]
      const expected = {
        status: one.status,
        price: item?.price.id,
        quantity: item?.quantity,
        period_end: instant(item?.current_period_end),
        ending: one.cancel_at_period_end,
        cancel_at: instant(one.cancel_at),
        trial_end: instant(one.trial_end),
        ended_at: instant(one.ended_at),
        plan: heldAs(stage, one).plan,
        past_due_since: instant(heldAs(stage, one).pastDueSince),
      }
      const found = Object.fromEntries(
        Object.keys(expected).map((name) => [name, plain(row[name as keyof Row])]),
      )
      const fields = Object.entries(expected)
        .filter(([name, value]) => found[name] !== value)
        .map(([name, value]) => `${row.id} ${name}: ${found[name]} instead of ${value}`)
      return [...fields, ...wrongAccess(row, heldAs(stage, one), now)]
    })
    return [...missing, ...wrong]
  })
}

interface Held {
  plan: string | null
  pastDueSince: number | null
}

/** The plan and the beginning of the grace, from what Stripe holds: the product names the plan, unpaid invoices the beginning. */
function heldAs({ standIn: { stripe } }: Stage, one: Objects['subscription']): Held {
  const product = String(stripe.store.get('price', one.items.data[0]?.price.id ?? '')?.product)
  const plan = /^frontgate_(.+)$/.exec(product)?.[1] ?? null
  if (one.status !== 'past_due') return { plan, pastDueSince: null }
  const invoices = stripe.store
    .listOf('invoice', String(one.customer))
    .filter(({ parent }) => parent?.subscription_details?.subscription === one.id)
  const open = invoices.filter(({ status }) => status === 'open')
  const tried = (open.length > 0 ? open : invoices.filter(({ id }) => id === one.latest_invoice)).flatMap(
    ({ status_transitions }) => status_transitions.finalized_at ?? [],
  )
  return { plan, pastDueSince: tried.length > 0 ? Math.min(...tried) : null }
}

/** What the grant of a subscription should give by the table in the docs, worked out here once more. */
function wrongAccess(row: Row, { plan }: Held, now: number): string[] {
  const end = row.cancel_at ?? (row.ending ? row.period_end : null)
  const until = plan === null ? null : untilOf(row, end)
  const given = row.until_at?.getTime() ?? null
  if (until !== null) {
    return given === until && row.grant_plan === plan
      ? []
      : [
          `${row.id} (${row.status}) gives ${row.grant_plan} until ${row.until_at?.toISOString()}, not until ${new Date(until).toISOString()}`,
        ]
  }
  const isOver = given === null || given <= Math.max(now, row.from_at?.getTime() ?? 0)
  return isOver ? [] : [`${row.id} (${row.status}) still gives ${row.grant_plan}`]
}

function untilOf(row: Row, end: Date | null): number | null {
  switch (row.status) {
    case 'trialing':
    case 'active':
      return end ? end.getTime() : row.period_end.getTime() + ALLOWANCE_MS
    case 'past_due': {
      const grace = row.past_due_since && row.past_due_since.getTime() + GRACE_MS
      return grace !== null && end ? Math.min(grace, end.getTime()) : grace
    }
    default:
      return null
  }
}

async function rowsOf(stage: Stage, payers: Payer[]): Promise<Row[]> {
  const { rows } = await stage.app.pool.query<Row>(
    `select s.account_id, s.stripe_subscription_id as id, s.status, s.stripe_price_id as price, s.quantity,
       s.current_period_end as period_end, s.cancel_at_period_end as ending, s.cancel_at, s.trial_end, s.ended_at, s.plan,
       s.past_due_since, g.plan as grant_plan, g.from_at, g.until_at
     from subscriptions s left join grants g using (stripe_subscription_id)
     where s.account_id = any($1)`,
    [payers.map(({ accountId }) => accountId)],
  )
  return rows
}

const instant = (seconds: number | null | undefined) =>
  seconds == null ? null : new Date(seconds * 1000).toISOString()
const plain = (value: unknown) => (value instanceof Date ? value.toISOString() : value)
