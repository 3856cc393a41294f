import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { isPassing } from '../../stripe/errors.ts'
import { findCustomer } from '../checkout/customer.ts'
import { lookAgain, releaseSchedule } from './currentSubscription.ts'
import { isFulfilled, isHalfDone } from './rules.ts'
import { finishOperation, type OpenOperation, operationFrom, UNDER_WAY_FOR_MS } from './withOperation.ts'

const BATCH = 20

/** Finds out what became of operations that were cut off, and finishes what was half done. */
export async function settleOperations(app: App, at: Date): Promise<void> {
  if (!app.stripe) return
  const rows = await app.db
    .selectFrom('stripe_operations')
    .select(['id', 'account_id', 'kind', 'wish', 'created_at'])
    .where('finished_at', 'is', null)
    .where('created_at', '<', new Date(at.getTime() - UNDER_WAY_FOR_MS))
    .orderBy('created_at')
    .limit(BATCH)
    .execute()
  const stripe = rows.length > 0 ? await app.stripe.client() : null
  for (const row of rows) if (stripe) await settle(app, stripe, operationFrom(row))
}

async function settle(app: App, stripe: Stripe, open: OpenOperation): Promise<void> {
  const { id, accountId, wish } = open
  try {
    const customer = await findCustomer(app, accountId)
    const look = async () => {
      const found = customer && (await lookAgain(app, accountId, customer))
      return found?.id === wish.subscription ? found : null
    }
    let current = await look()
    if (current && isHalfDone(open, current)) {
      await releaseSchedule(stripe, wish.subscription, id)
      current = await look()
    }
    await finishOperation(app, id, current && isFulfilled(open, current) ? 'done' : 'given up')
  } catch (error) {
    // While Stripe is away it waits for the next minute; what Stripe refuses is given up.
    app.log.warn({ error, accountId, operation: id }, 'an operation at Stripe cannot be settled right now')
    if (!isPassing(error)) await finishOperation(app, id, 'given up')
  }
}
