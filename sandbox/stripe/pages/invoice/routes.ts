import type { FastifyInstance, FastifyReply } from 'fastify'
import { getInvoice } from '../../billing/invoices/operations.ts'
import { payInvoice } from '../../billing/invoices/payInvoice.ts'
import { intentOf, invoiceOf } from '../../billing/payments/openPayment.ts'
import { payInvoiceInPortal, updatePaymentMethodInPortal } from '../../billing/portalActions.ts'
import { customerOf, type Invoice, idOf } from '../../billing/shapes.ts'
import type { StripeStandIn } from '../../engine/createStripe.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { authenticatePage } from '../authenticatePage.ts'
import { chosenCard } from '../cardChoice.ts'
import { type Form, field, sendPage } from '../guard.ts'
import { performChange } from '../performChange.ts'
import { money } from '../words.ts'
import { invoicePage, isPayable, SAVED_CARD } from './invoicePage.ts'
import { invoicePdf } from './invoicePdf.ts'

interface Asked {
  Params: { id: string }
  Querystring: Record<string, unknown>
  Body: Form
}

const REFUSED_BY_BANK = 'Your bank did not approve of the payment. Try again, or choose another card.'

/** An invoice on a page of its own, where it is paid if it is open, and as a PDF. */
export function invoiceRoutes(server: FastifyInstance, stripe: StripeStandIn): void {
  server.get<Asked>('/stripe/invoice/:id', async ({ params: { id }, query }, reply) => {
    const world = stripe.at()
    const invoice = getOpenedInvoice(world, id)
    return sendPage(reply, invoicePage(world, invoice, { portal: portalOf(world, invoice, query.portal) }))
  })
  server.get<Asked>('/stripe/invoice/:id/pdf', async ({ params: { id } }, reply) => {
    const world = stripe.at()
    const invoice = getOpenedInvoice(world, id)
    return reply
      .type('application/pdf')
      .header(
        'content-disposition',
        `inline; filename="invoice-${invoice.number?.replaceAll(/[^\w-]/g, '')}.pdf"`,
      )
      .send(invoicePdf(world, invoice))
  })
  server.post<Asked>('/stripe/invoice/:id', async ({ params: { id }, body }, reply) => {
    const invoice = getOpenedInvoice(stripe.at(), id)
    const portal = portalOf(stripe.at(), invoice, field(body, 'portal'))
    if (!isPayable(invoice)) return reply.redirect(addressOf(invoice, portal), 303)
    return answer(reply, stripe, invoice, { portal, given: body }, (world) => pay(world, invoice, body))
  })
  authenticateRoutes(server, stripe)
}

/** Where a bank asks about the payment of an invoice: the `next_action` of its payment intent. */
function authenticateRoutes(server: FastifyInstance, stripe: StripeStandIn): void {
  server.get<Asked>('/stripe/authenticate/:id', async ({ params: { id }, query }, reply) => {
    const world = stripe.at()
    const { invoice, method } = findQuestion(world, id)
    const portal = portalOf(world, invoice, query.portal)
    if (!method) return reply.redirect(addressOf(invoice, portal), 303)
    const page = authenticatePage({
      what: `paying ${money(invoice.amount_remaining, invoice.currency)} with the card that ends in ${method.card?.last4}`,
      action: `/stripe/authenticate/${id}`,
      fields: portal === null ? {} : { portal },
    })
    return sendPage(reply, page)
  })
  server.post<Asked>('/stripe/authenticate/:id', async ({ params: { id }, body }, reply) => {
    const world = stripe.at()
    const { invoice, method } = findQuestion(world, id)
    const portal = portalOf(world, invoice, field(body, 'portal'))
    if (!method) return reply.redirect(addressOf(invoice, portal), 303)
    if (field(body, 'answer') !== 'approve') {
      return sendPage(reply, invoicePage(world, invoice, { portal, fault: REFUSED_BY_BANK }), 402)
    }
    return answer(reply, stripe, invoice, { portal }, (then) =>
      payInvoice(then, invoice, { method, authenticate: true }),
    )
  })
}

/** Pays, and shows the invoice again, paid or with what went wrong; or leads to where the bank asks. */
function answer(
  reply: FastifyReply,
  stripe: StripeStandIn,
  invoice: Invoice,
  { portal, given }: { portal: string | null; given?: Form },
  work: (world: World) => void,
) {
  try {
    performChange(stripe, work)
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error
    const world = stripe.at()
    const intent = intentOf(world, invoice.id)
    if (intent?.status === 'requires_action') {
      return reply.redirect(withPortal(`/stripe/authenticate/${intent.id}`, portal), 303)
    }
    const tried = getOpenedInvoice(world, invoice.id)
    const page = invoicePage(world, tried, { portal, ...(given && { given }), fault: error.message })
    return sendPage(reply, page, error.options.status ?? 400)
  }
  return reply.redirect(addressOf(invoice, portal), 303)
}

function pay(world: World, invoice: Invoice, form: Form): void {
  const card = chosenCard(form)
  if (card === SAVED_CARD) return void payInvoiceInPortal(world, invoice.id)
  if (field(form, 'keep') === '') return void payInvoiceInPortal(world, invoice.id, { card })
  updatePaymentMethodInPortal(world, customerOf(invoice), card)
  payInvoiceInPortal(world, invoice.id)
}

/** A draft has no page yet. */
function getOpenedInvoice(world: World, id: string): Invoice {
  const invoice = getInvoice(world, id)
  if (invoice.status === 'draft') throw noSuch('invoice', id)
  return invoice
}

/** The invoice of a payment intent, and the card that its bank asks about, if it still does. */
function findQuestion(world: World, id: string) {
  const invoice = invoiceOf(world, id)
  if (!invoice) throw noSuch('payment_intent', id)
  const intent = world.store.get('payment_intent', id)
  const asks = intent?.status === 'requires_action' && isPayable(invoice)
  const method = asks ? world.store.get('payment_method', idOf(intent.payment_method) ?? '') : undefined
  return { invoice, method }
}

/** The portal session as a way back, if it is the same customer's. */
function portalOf({ store }: World, invoice: Invoice, given: unknown): string | null {
  const session = typeof given === 'string' ? store.get('billing_portal.session', given) : undefined
  return session && customerOf(session) === customerOf(invoice) ? session.id : null
}

function addressOf({ id }: Invoice, portal: string | null): string {
  return withPortal(`/stripe/invoice/${id}`, portal)
}

function withPortal(path: string, portal: string | null): string {
  return portal === null ? path : `${path}?portal=${portal}`
}
