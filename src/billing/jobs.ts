import type { Db } from '../db/database.ts'
import { enqueue, type Job, job } from '../jobs/enqueue.ts'

/** Looks at a customer at Stripe and mirrors what is there. */
export const projectJob = job<{ customer: string }>('billing.project', { patient: true })

/**
 * The same look at one that was imported. Hundreds of thousands may wait for their turn at Stripe: what an event of today
 * promises goes before them.
 */
export const projectImportedJob = job<{ customer: string }>('billing.project-imported', { last: true })

/** Finds out whose an event is that does not say so itself. */
export const resolveEventJob = job<{ event: string }>('billing.resolve-event', { patient: true })

/**
 * Cancels a subscription that nobody meant to have, and gives the money back: tried for weeks, since a bank may take so
 * long to say whether a payment went through.
 */
export const cancelUnwantedJob = job<{ subscription: string }>('billing.cancel-unwanted', {
  patient: true,
  maxAttempts: 120,
})

/** Of looks at one customer, one waits at a time. */
const keyOfLook = (customer: string) => `project ${customer}`

/** What follows an event of the inbox. Of each key one waits at a time: events of one customer promise one look. */
export interface Following extends Omit<Job<object>, 'payload'> {
  payload: object
  key: string
}

/** A look at the customer whose the event is, or finding out who that is; `customer` is null while nobody knows. */
export function followingOf(event: string, customer: string | null): Following {
  return customer
    ? { ...projectJob, payload: { customer }, key: keyOfLook(customer) }
    : { ...resolveEventJob, payload: { event }, key: `stripe-event ${event}` }
}

/** Promises that an event of the inbox is followed. */
export async function follow(tx: Db, event: string, customer: string | null): Promise<void> {
  const { payload, key, ...promised } = followingOf(event, customer)
  await enqueue<object>(tx, promised, payload, { key })
}
