import type Stripe from 'stripe'
import { isMissing } from '../../stripe/errors.ts'
import type { Holdings } from './rules.ts'

/** Far above what a customer ever has, so that a broken account at Stripe does not run us out of memory. */
const MOST = 500

/** What a listed subscription has to carry to be mirrored. */
export const EXPAND = [
  'data.latest_invoice',
  'data.default_payment_method',
  // No deeper: a deleted customer has nothing to expand, and Stripe would refuse the whole list.
  'data.customer',
  'data.schedule',
]

/** Looks at what Stripe holds of a customer now. `turn` is awaited before each call but the first. */
export async function fetchHoldings(
  stripe: Stripe,
  customer: string,
  turn: () => Promise<void>,
): Promise<Holdings> {
  const subscriptions = await listSubscriptions(stripe, customer)
  if (subscriptions.length === 0)
    return { ...nothing, isDeleted: await wasDeletedAtStripe(stripe, customer, turn) }
  if (isOfDeletedCustomer(subscriptions)) return { ...nothing, isDeleted: true, subscriptions }
  const isFailing = subscriptions.some(({ status }) => ['past_due', 'incomplete', 'unpaid'].includes(status))
  if (!isFailing) return { ...nothing, subscriptions }
  await turn()
  const openInvoices = await stripe.invoices
    .list({ customer, status: 'open', limit: 100 })
    .autoPagingToArray({ limit: MOST })
  const newest = openInvoices.find(({ attempted }) => attempted)
  const isAwaited = newest !== undefined && (await needsConfirmation(stripe, newest.id, turn))
  return { ...nothing, subscriptions, openInvoices, awaitingBuyer: isAwaited ? newest.id : null }
}

const nothing: Holdings = { isDeleted: false, subscriptions: [], openInvoices: [], awaitingBuyer: null }

async function listSubscriptions(stripe: Stripe, customer: string): Promise<Stripe.Subscription[]> {
  try {
    return await stripe.subscriptions
      .list({ customer, status: 'all', limit: 100, expand: EXPAND })
      .autoPagingToArray({ limit: MOST })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/**
 * Nothing at all is believed only of a customer that Stripe knows, deleted ones included: with the key of another
 * account every customer would seem to have lost everything.
 */
async function wasDeletedAtStripe(
  stripe: Stripe,
  customer: string,
  turn: () => Promise<void>,
): Promise<boolean> {
  await turn()
  const { deleted = false } = await stripe.customers.retrieve(customer)
  return deleted
}

/** A subscription carries its customer. */
function isOfDeletedCustomer([one]: Stripe.Subscription[]): boolean {
  return typeof one?.customer === 'object' && 'deleted' in one.customer && one.customer.deleted === true
}

async function needsConfirmation(
  stripe: Stripe,
  invoice: string,
  turn: () => Promise<void>,
): Promise<boolean> {
  await turn()
  const { data } = await stripe.invoicePayments.list({
    invoice,
    limit: 5,
    expand: ['data.payment.payment_intent'],
  })
  return data.some(({ payment }) => {
    const intent = payment.payment_intent
    return typeof intent === 'object' && intent !== null && intent.status === 'requires_action'
  })
}
