import { job } from '../jobs/enqueue.ts'

/** Looks at a customer at Stripe and mirrors what is there. */
export const projectJob = job<{ customer: string }>('billing.project')

/** While one look at a customer is promised, events promise no other. */
export const projectionKey = (customer: string) => `project ${customer}`

/** Finds out whose an event is that does not say so itself. */
export const resolveEventJob = job<{ event: string }>('billing.resolve-event')

export const resolutionKey = (event: string) => `stripe-event ${event}`

/** Cancels the second of two subscriptions that were bought at the same time, and gives the money back. */
export const cancelDuplicateJob = job<{ subscription: string }>('billing.cancel-duplicate')
