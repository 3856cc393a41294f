import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { isMissing } from '../../stripe/errors.ts'
import { findCustomer } from '../checkout/customer.ts'

const DEFAULT_LIMIT = 20
const INVOICE_ID = /^in_\w{1,250}$/

/** An account's invoices as Stripe has them, the newest first; none for an account that never bought anything. */
export async function listInvoices(
  app: App,
  stripe: Stripe,
  { accountId, limit = DEFAULT_LIMIT, cursor }: { accountId: string; limit?: number; cursor?: string },
) {
  if (cursor !== undefined && !INVOICE_ID.test(cursor)) refuseCursor()
  const customer = await findCustomer(app, accountId)
  if (!customer) return { data: [], next_cursor: null }
  const page = await stripe.invoices
    .list({ customer: customer.stripeId, limit, ...(cursor && { starting_after: cursor }) })
    .catch((error: unknown) => {
      if (isMissing(error)) refuseCursor()
      throw error
    })
  return {
    data: page.data.map(describeInvoice),
    next_cursor: page.has_more ? (page.data.at(-1)?.id ?? null) : null,
  }
}

function refuseCursor(): never {
  throw problem('invalid-request', {
    errors: [{ pointer: '#/query/cursor', detail: 'is not a cursor of this list' }],
  })
}

function describeInvoice(invoice: Stripe.Invoice) {
  return {
    id: invoice.id,
    number: invoice.number,
    status: invoice.status ?? 'draft',
    currency: invoice.currency,
    total: invoice.total,
    amount_due: invoice.amount_due,
    amount_paid: invoice.amount_paid,
    created_at: new Date(invoice.created * 1000).toISOString(),
    due_at: invoice.due_date === null ? null : new Date(invoice.due_date * 1000).toISOString(),
    page: invoice.hosted_invoice_url ?? null,
    pdf: invoice.invoice_pdf ?? null,
  }
}
