import Type, { type Static } from 'typebox'
import { listPage } from '../../engine/listPage.ts'
import { isWithin } from '../../engine/ranges.ts'
import { type Operation, operation } from '../../operation.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { type InvoiceItem, type InvoicePayment, idOf } from '../shapes.ts'
import { createInvoiceItem } from './createInvoice.ts'
import { itemCreateParams, itemListParams, paymentListParams } from './params.ts'

const none = Type.Object({})

/** https://docs.stripe.com/api/invoiceitems and https://docs.stripe.com/api/invoice-payment */
export const invoiceItemOperations: Operation[] = [
  operation({
    method: 'POST',
    path: '/v1/invoiceitems',
    params: itemCreateParams,
    handle: createInvoiceItem,
  }),
  operation({ method: 'GET', path: '/v1/invoiceitems', params: itemListParams, handle: listItems }),
  operation({
    method: 'GET',
    path: '/v1/invoiceitems/:id',
    params: none,
    handle: (world, _, { id }) => getItem(world, id),
  }),
  operation({
    method: 'DELETE',
    path: '/v1/invoiceitems/:id',
    params: none,
    handle: (world, _, { id }) => removeItem(world, getItem(world, id)),
  }),
  operation({ method: 'GET', path: '/v1/invoice_payments', params: paymentListParams, handle: listPayments }),
  operation({
    method: 'GET',
    path: '/v1/invoice_payments/:id',
    params: none,
    handle: (world, _, { id }) => getPayment(world, id),
  }),
]

function getItem({ store }: World, id: string): InvoiceItem {
  const item = store.get('invoiceitem', id)
  if (!item) throw noSuch('invoiceitem', id)
  return item
}

function listItems({ store }: World, params: Static<typeof itemListParams>) {
  const { customer, invoice, pending } = params
  const held = customer === undefined ? store.list('invoiceitem') : store.listOf('invoiceitem', customer)
  const listed = held.filter(
    (one) =>
      (invoice === undefined || one.invoice === invoice) &&
      (pending === undefined || (one.invoice === null) === pending) &&
      isWithin(params.created, one.date),
  )
  return listPage(store, listed, params)
}

function removeItem({ store, emit }: World, item: InvoiceItem): object {
  if (item.invoice !== null) {
    throw new StripeRefusal('You can only delete invoice items that are not on an invoice.', {
      code: 'invoice_not_editable',
    })
  }
  store.remove('invoiceitem', item.id)
  emit('invoiceitem.deleted', 'invoiceitem', item)
  return { id: item.id, object: 'invoiceitem', deleted: true }
}

function getPayment({ store }: World, id: string): InvoicePayment {
  const payment = store.get('invoice_payment', id)
  if (!payment) throw noSuch('invoice_payment', id)
  return payment
}

function listPayments({ store }: World, params: Static<typeof paymentListParams>) {
  const { invoice, payment, status } = params
  const listed = store
    .list('invoice_payment')
    .filter(
      (one) =>
        (invoice === undefined || idOf(one.invoice) === invoice) &&
        (status === undefined || one.status === status) &&
        (payment?.payment_intent === undefined ||
          idOf(one.payment.payment_intent) === payment.payment_intent) &&
        isWithin(params.created, one.created),
    )
  return listPage(store, listed, params)
}
