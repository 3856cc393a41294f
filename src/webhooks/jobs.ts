import { job } from '../jobs/enqueue.ts'

/** Tells endpoints what is new about one account. */
export const tellAccountJob = job<{ account: string }>('webhooks.tell-account', { patient: true })

/** The same for the next accounts of a round through all of them, as when the catalogue has changed. */
export const tellAllJob = job<object>('webhooks.tell-all', { patient: true })

/** Notes how accounts are that were there before the first endpoint. */
export const takeStockJob = job<object>('webhooks.take-stock', { patient: true })

/** Delivers what is due at one endpoint. */
export const deliverJob = job<{ endpoint: string }>('webhooks.deliver', { patient: true })
