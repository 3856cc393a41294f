import type { Db } from '../db/database.ts'
import { enqueue, type Job, job } from '../jobs/enqueue.ts'

/** Looks at a customer at Stripe and mirrors what is there. */
export const projectJob = job<{ customer: string }>('billing.project', { patient: true })

/** Finds out whose an event is that does not say so itself. */
export const resolveEventJob = job<{ event: string }>('billing.resolve-event', { patient: true })

/** Cancels a subscription that nobody meant to have, and gives the money back. */
export const cancelUnwantedJob = job<{ subscription: string }>('billing.cancel-unwanted', { patient: true })

/** What follows an event of the inbox. */
export interface Following {
  job: Job<{ customer: string }> | Job<{ event: string }>
  payload: { customer: string } | { event: string }
  /** While one look at a customer is promised, events promise no other. */
  key: string
}

/** A look at the customer whose the event is, or finding out who that is; `customer` is null while nobody knows. */
export function followingOf(event: string, customer: string | null): Following {
  return customer
    ? { job: projectJob, payload: { customer }, key: `project ${customer}` }
    : { job: resolveEventJob, payload: { event }, key: `stripe-event ${event}` }
}

/** Promises that an event of the inbox is followed. */
export async function follow(tx: Db, event: string, customer: string | null): Promise<void> {
  const { job, payload, key } = followingOf(event, customer)
  await enqueue(tx, job, payload, { key })
}
