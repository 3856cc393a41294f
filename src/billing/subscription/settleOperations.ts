import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { isPassing, stripeErrorOf } from '../../stripe/errors.ts'
import { findCustomer } from '../checkout/customer.ts'
import { lookAgain, releaseSchedule } from './currentSubscription.ts'
import { isFulfilled, isHalfDone } from './rules.ts'
import {
  finishOperation,
  type OpenOperation,
  openOperationOf,
  operationFrom,
  UNDER_WAY_FOR_MS,
} from './withOperation.ts'

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
  if (rows.length === 0) return
  const stripe = await app.stripe.client()
  for (const row of rows) await settle(app, stripe, operationFrom(row), at)
}

async function settle(app: App, stripe: Stripe, open: OpenOperation, at: Date): Promise<void> {
  const { id, accountId, wish } = open
  const customer = await findCustomer(app, accountId)
  const look = async () => {
    const found = customer && (await lookAgain(app, accountId, customer))
    return found?.id === wish.subscription ? found : null
  }
  try {
    let current = await look()
    // Somebody may have come back for it meanwhile.
    if ((await openOperationOf(app, accountId))?.id !== id) return
    if (current && isHalfDone(open, current)) {
      // A key of this minute: what Stripe answered to the one before may have been a failure that it repeats.
      await releaseSchedule(stripe, wish.subscription, `${id} ${at.toISOString()}`)
      current = await look()
    }
    await finishOperation(app, id, current && isFulfilled(open, current) ? 'done' : 'given up')
  } catch (error) {
    app.log.warn({ error, accountId, operation: id }, 'an operation at Stripe cannot be settled right now')
    // What Stripe refuses is given up; everything else waits for the next minute.
    if (stripeErrorOf(error) && !isPassing(error)) await finishOperation(app, id, 'given up')
  }
}
