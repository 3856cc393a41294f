import { job } from '../jobs/enqueue.ts'

/** Looks at a customer at Stripe and mirrors what is there. */
export const projectJob = job<{ customer: string }>('billing.project')

/** While one look at a customer is promised, events promise no other. */
export const projectionKey = (customer: string) => `project ${customer}`

/** Finds out whose an event is that does not say so itself. */
export const resolveEventJob = job<{ event: string }>('billing.resolve-event')

export const resolutionKey = (event: string) => `stripe-event ${event}`

/** Cancels a subscription that nobody meant to have, and gives the money back. */
export const cancelUnwantedJob = job<{ subscription: string }>('billing.cancel-unwanted')
