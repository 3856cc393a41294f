import Type, { type Static } from 'typebox'
import { listPage, pageParams } from '../../engine/listPage.ts'
import { isWithin } from '../../engine/ranges.ts'
import { type Operation, operation } from '../../operation.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { getMethod } from '../customers.ts'
import { flag, maybe } from '../params.ts'
import { previewParams } from '../preview/params.ts'
import { previewInvoice } from '../preview/previewInvoice.ts'
import { customerOf, type Invoice } from '../shapes.ts'
import { finalizeByHand } from './advanceInvoice.ts'
import { markUncollectible, voidInvoice } from './closeInvoice.ts'
import { subscriptionOf } from './composeInvoice.ts'
import { createInvoice } from './createInvoice.ts'
import { finalizeInvoice } from './finalizeInvoice.ts'
import { createParams, listParams, payParams, updateParams } from './params.ts'
import { payInvoice } from './payInvoice.ts'
import { updateInvoice } from './updateInvoice.ts'

const none = Type.Object({})

/** https://docs.stripe.com/api/invoices */
export const invoiceOperations: Operation[] = [
  operation({ method: 'POST', path: '/v1/invoices', params: createParams, handle: createInvoice }),
  operation({
    method: 'POST',
    path: '/v1/invoices/create_preview',
    params: previewParams,
    handle: previewInvoice,
  }),
  operation({ method: 'GET', path: '/v1/invoices', params: listParams, handle: list }),
  operation({
    method: 'GET',
    path: '/v1/invoices/:id',
    params: none,
    handle: (world, _, { id }) => getInvoice(world, id),
  }),
  operation({
    method: 'POST',
    path: '/v1/invoices/:id',
    params: updateParams,
    handle: (world, params, { id }) => updateInvoice(world, getInvoice(world, id), params),
  }),
  operation({
    method: 'DELETE',
    path: '/v1/invoices/:id',
    params: none,
    handle: (world, _, { id }) => remove(world, getInvoice(world, id)),
  }),
  operation({
    method: 'GET',
    path: '/v1/invoices/:id/lines',
    params: Type.Object(pageParams),
    // Lines are listed in the order of the invoice.
    handle: (world, params, { id }) =>
      listPage(world.store, getInvoice(world, id).lines.data.toReversed(), params),
  }),
  operation({
    method: 'POST',
    path: '/v1/invoices/:id/pay',
    params: payParams,
    handle: (world, params, { id }) => pay(world, getInvoice(world, id), params),
  }),
  operation({
    method: 'POST',
    path: '/v1/invoices/:id/finalize',
    params: Type.Object({ auto_advance: maybe(flag) }),
    handle(world, params, { id }) {
      const draft = getInvoice(world, id)
      return finalizeByHand(world, { ...draft, ...params })
    },
  }),
  operation({
    method: 'POST',
    path: '/v1/invoices/:id/void',
    params: none,
    handle: (world, _, { id }) => voidInvoice(world, getInvoice(world, id)),
  }),
  operation({
    method: 'POST',
    path: '/v1/invoices/:id/mark_uncollectible',
    params: none,
    handle: (world, _, { id }) => markUncollectible(world, getInvoice(world, id)),
  }),
  operation({
    method: 'POST',
    path: '/v1/invoices/:id/send',
    params: none,
    handle: (world, _, { id }) => send(world, getInvoice(world, id)),
  }),
]

/** The invoice that a path or parameter names. */
export function getInvoice({ store }: World, id: string, param?: string): Invoice {
  const invoice = store.get('invoice', id)
  if (!invoice) throw noSuch('invoice', id, param)
  return invoice
}

function list(world: World, params: Static<typeof listParams>) {
  const { customer, subscription, status, collection_method: method } = params
  const held = customer === undefined ? world.store.list('invoice') : world.store.listOf('invoice', customer)
  const listed = held.filter(
    (one) =>
      (subscription === undefined || subscriptionOf(one) === subscription) &&
      (status === undefined || one.status === status) &&
      (method === undefined || one.collection_method === method) &&
      isWithin(params.created, one.created) &&
      (params.due_date === undefined || (one.due_date !== null && isWithin(params.due_date, one.due_date))),
  )
  return listPage(world.store, listed, params)
}

function remove(world: World, invoice: Invoice): object {
  if (invoice.status !== 'draft' || invoice.parent) {
    throw new StripeRefusal('You can only delete draft invoices that do not belong to a subscription.', {
      code: 'invoice_not_editable',
    })
  }
  world.store.remove('invoice', invoice.id)
  world.emit('invoice.deleted', 'invoice', invoice)
  return { id: invoice.id, object: 'invoice', deleted: true }
}

/** A draft is finalized first: https://docs.stripe.com/api/invoices/pay */
function pay(world: World, invoice: Invoice, params: Static<typeof payParams>): Invoice {
  const { payment_method: id, paid_out_of_band: isElsewhere = false, forgive = false } = params
  const method = id === undefined ? undefined : getMethod(world, id, customerOf(invoice), 'payment_method')
  return payInvoice(world, invoice, { isElsewhere: isElsewhere || forgive, ...(method && { method }) })
}

function send(world: World, invoice: Invoice): Invoice {
  const open = invoice.status === 'draft' ? finalizeInvoice(world, invoice) : invoice
  world.emit('invoice.sent', 'invoice', open)
  return open
}
