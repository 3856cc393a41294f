import { setTimeout as delay } from 'node:timers/promises'
import { knownPrices } from '../../src/billing/prices/prices.ts'
import { differences } from './differences.ts'
import { Stage } from './stage.ts'

export interface Storm {
  accounts: number
  eventsPerAccount: number
  kills: number
  readsPerSecond: number
}

export interface Weathered {
  events: number
  seconds: number
  /** Events that are not handled, or that were kept twice. */
  unhandled: number
  wrong: string[]
  /** Facts that were told of or written down more than once. */
  twice: string[]
  /** The most looks at one customer. */
  mostLooks: number
  /**
   * As many as the burst may cost: one when it begins, one each time the pause between two is over while it lasts, and
   * one after it. Two where it is shorter than the pause.
   */
  looksAllowed: number
  looks: number
  /** From the first look to the last. */
  looksTookSeconds: number
}

/**
 * Renews, fails and changes many accounts within moments and delivers all events at once, while the program is killed
 * again and again. Every fourth account's payment fails, so that mails are owed.
 */
export async function playStorm({
  accounts,
  eventsPerAccount,
  kills,
  readsPerSecond,
}: Storm): Promise<Weathered> {
  const stage = await Stage.set({ STRIPE_READS_PER_SECOND: String(readsPerSecond) })
  const { stripe, sdk } = stage.standIn
  try {
    const payers = await stage.payers(accounts)
    const [price] = await knownPrices(stage.app.db)
    stripe.deliveries.change({ drop: 1 })
    for (const { customer } of payers) {
      const method = await sdk.paymentMethods.attach('pm_card_visa', { customer })
      await sdk.subscriptions.create({
        customer,
        items: [{ price: price?.priceId ?? '' }],
        default_payment_method: method.id,
      })
    }
    stripe.deliveries.change({ drop: 0, hold: true, duplicate: 0.1, reorder: 0.5 })
    for (let turn = 1; turn <= eventsPerAccount; turn++) {
      for (const [i, { customer }] of payers.entries()) {
        stripe.store.change(() => {
          const [one] = stripe.store.listOf('subscription', customer)
          if (!one) throw new Error('There is no subscription')
          const fails = i % 4 === 0 && turn > eventsPerAccount / 2
          const invoice = stripe.store.get('invoice', String(one.latest_invoice))
          if (fails && invoice) stripe.store.put('invoice', { ...invoice, status: 'open', attempted: true })
          const status = fails ? 'past_due' : 'active'
          const changed = stripe.store.put('subscription', {
            ...one,
            status,
            metadata: { turn: String(turn) },
          })
          stripe.at().emit('customer.subscription.updated', 'subscription', changed)
        })
      }
    }
    const before = stripe.requests.list().length
    const began = performance.now()
    stripe.deliveries.change({ hold: false, duplicate: 0, reorder: 0 })
    stripe.deliveries.release()
    for (let kill = 0; kill < kills; kill++) {
      await delay(700)
      await stage.crash()
    }
    await stage.rest()
    const seconds = (performance.now() - began) / 1000
    const looks = stripe.requests
      .list()
      .slice(before)
      .filter(({ path }) => path === '/v1/subscriptions')
    return {
      events: accounts * eventsPerAccount,
      seconds,
      unhandled: await unhandled(stage, accounts * eventsPerAccount),
      wrong: await differences(stage, payers),
      twice: await toldTwice(stage, Math.ceil(accounts / 4)),
      mostLooks: mostOf(looks.map(({ params }) => String((params as { customer?: string }).customer))),
      looksAllowed: 2 + Math.floor((await burstSeconds(stage)) / PAUSE_SECONDS),
      looks: looks.length,
      looksTookSeconds: ((looks.at(-1)?.at.getTime() ?? 0) - (looks[0]?.at.getTime() ?? 0)) / 1000,
    }
  } finally {
    await stage.strike()
  }
}

/** How far two looks at a customer are apart, at least. */
const PAUSE_SECONDS = 3

/** From the first event's arrival to the last one's, which depends on the machine. */
async function burstSeconds({ app }: Stage): Promise<number> {
  const { rows } = await app.pool.query<{ seconds: number }>(
    `select extract(epoch from max(received_at) - min(received_at))::float8 as seconds from stripe_events`,
  )
  return rows[0]?.seconds ?? 0
}

async function unhandled({ app }: Stage, expected: number): Promise<number> {
  const { rows } = await app.pool.query<{ handled: number }>(
    `select count(*) as handled from stripe_events where type = 'customer.subscription.updated' and status = 'handled'`,
  )
  return expected - (rows[0]?.handled ?? 0)
}

async function toldTwice({ app }: Stage, failing: number): Promise<string[]> {
  const { rows: begun } = await app.pool.query(
    `select account_id from audit_log where action = 'subscription.begun' group by account_id having count(*) <> 1`,
  )
  const { rows: mails } = await app.pool.query<{ count: number; accounts: number }>(
    `select count(*) as count, count(distinct account_id) as accounts from mail_log where template = 'payment-failed'`,
  )
  const [mail] = mails
  const isRight = mail?.count === failing && mail.accounts === failing
  return [
    ...begun.map(({ account_id }) => `${account_id} began more than once`),
    ...(isRight ? [] : [`${mail?.count} mails to ${mail?.accounts} accounts about ${failing} failures`]),
  ]
}

function mostOf(names: string[]): number {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}
