import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { type Catalogue, type Interval, loadCatalogue, type Plan } from '../../catalogue/catalogue.ts'
import { inTx } from '../../db/transaction.ts'
import { isMissing } from '../../stripe/errors.ts'
import { minorDigits } from '../../stripe/minorDigits.ts'
import { idOf } from '../projection/rules.ts'
import { lookupKey } from './prices.ts'

/** A price as the catalogue wants it sold. */
interface WantedPrice {
  plan: Plan
  interval: Interval
  currency: string
  amount: number
}

/** What is to be done so that Stripe sells what the catalogue says. */
export interface PriceStep extends WantedPrice {
  kind: 'create' | 'replace' | 'keep'
  /** The price that has the lookup key now. */
  found: { id: string; product: string } | null
  /** The step in words; none where nothing is to be done. */
  says: string | null
}

/** Compares the catalogue with the prices that Stripe has under our lookup keys. Changes nothing. */
export async function planPrices(stripe: Stripe, { plans }: Pick<Catalogue, 'plans'>): Promise<PriceStep[]> {
  const wanted = plans.flatMap(wantedPrices)
  const found = await findPrices(stripe, wanted)
  return wanted.map((want) => {
    const price = found.get(lookupKey(want.plan.plan, want.interval)) ?? null
    const reference = price && { id: price.id, product: idOf(price.product) ?? '' }
    const shown = `price of ${want.plan.plan} a ${want.interval}`
    if (!price) return { ...want, kind: 'create', found: null, says: `+ ${shown}: ${money(want)}` }
    const had = { amount: price.unit_amount ?? 0, currency: price.currency }
    if (had.amount === want.amount && had.currency === want.currency) {
      return { ...want, kind: 'keep', found: reference, says: null }
    }
    const says = `~ ${shown}: ${money(had)} → ${money(want)}; subscriptions keep theirs`
    return { ...want, kind: 'replace', found: reference, says }
  })
}

/** Takes the steps. A price is never edited: a new one takes the lookup key over. May be cut off and run again. */
export async function applyPrices(app: App, stripe: Stripe, steps: PriceStep[]): Promise<void> {
  for (const step of steps) {
    const sold = step.kind === 'keep' && step.found ? step.found : await createPrice(stripe, step)
    await inTx(app, async (tx) => {
      const { plan, interval, currency, amount } = step
      const at = app.now()
      // Two commands at once change what is sold one after another.
      await tx.selectFrom('plans').select('plan').where('plan', '=', plan.plan).forUpdate().execute()
      await tx
        .updateTable('stripe_prices')
        .set({ retired_at: at })
        .where('plan', '=', plan.plan)
        .where('billing_interval', '=', interval)
        .where('stripe_price_id', '!=', sold.id)
        .where('retired_at', 'is', null)
        .execute()
      const row = {
        stripe_product_id: sold.product,
        plan: plan.plan,
        currency,
        amount_minor: amount,
        retired_at: null,
      }
      await tx
        .insertInto('stripe_prices')
        .values({ ...row, stripe_price_id: sold.id, billing_interval: interval, created_at: at })
        .onConflict((conflict) => conflict.column('stripe_price_id').doUpdateSet(row))
        .execute()
    })
  }
}

/** Has Stripe sell what the catalogue says, and returns what was done in words; nothing where billing is off. */
export async function bringPrices(app: App): Promise<string[]> {
  if (!app.stripe) return []
  const stripe = await app.stripe.client()
  const steps = await planPrices(stripe, await loadCatalogue(app.db))
  await applyPrices(app, stripe, steps)
  return steps.flatMap(({ says }) => says ?? [])
}

function wantedPrices(plan: Plan): WantedPrice[] {
  return (['month', 'year'] as const).flatMap((interval) => {
    const amount = plan.price?.[interval] ?? null
    return plan.price && amount !== null ? [{ plan, interval, currency: plan.price.currency, amount }] : []
  })
}

/** How many lookup keys Stripe takes at once: https://docs.stripe.com/api/prices/list */
const KEYS_AT_ONCE = 10

async function findPrices(stripe: Stripe, wanted: WantedPrice[]): Promise<Map<string, Stripe.Price>> {
  const keys = wanted.map(({ plan, interval }) => lookupKey(plan.plan, interval))
  const found = new Map<string, Stripe.Price>()
  for (let first = 0; first < keys.length; first += KEYS_AT_ONCE) {
    const lookup_keys = keys.slice(first, first + KEYS_AT_ONCE)
    const { data } = await stripe.prices.list({ lookup_keys, active: true, limit: 100 })
    for (const price of data) if (price.lookup_key) found.set(price.lookup_key, price)
  }
  return found
}

async function createPrice(stripe: Stripe, step: PriceStep): Promise<{ id: string; product: string }> {
  const { plan, interval, currency, amount, found } = step
  const product = found?.product ?? (await ensureProduct(stripe, plan))
  const price = await stripe.prices.create(
    {
      product,
      currency,
      unit_amount: amount,
      recurring: { interval },
      lookup_key: lookupKey(plan.plan, interval),
      transfer_lookup_key: true,
      metadata: { frontgate_plan: plan.plan },
    },
    // Named after what it replaces, so that going back to an earlier amount makes a price of its own.
    { idempotencyKey: `price ${plan.plan} ${interval} ${currency} ${amount} after ${found?.id ?? 'none'}` },
  )
  return { id: price.id, product }
}

async function ensureProduct(stripe: Stripe, { plan, displayName }: Plan): Promise<string> {
  const id = `frontgate_${plan}`
  try {
    return (await stripe.products.retrieve(id)).id
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  const product = { id, name: displayName, metadata: { frontgate_plan: plan } }
  return (await stripe.products.create(product, { idempotencyKey: `product ${plan}` })).id
}

/** Amounts are in the currency's smallest unit, and not every currency has cents. */
function money({ amount, currency }: { amount: number; currency: string }): string {
  const digits = minorDigits(currency)
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`
}
