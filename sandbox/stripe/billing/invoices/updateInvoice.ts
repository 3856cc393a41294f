import type { Static } from 'typebox'
import { mergeMetadata } from '../../engine/metadata.ts'
import { replace } from '../../engine/replace.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { HOUR } from '../calendar.ts'
import { getMethod } from '../customers.ts'
import { customerOf, type Invoice } from '../shapes.ts'
import type { updateParams } from './params.ts'

type Params = Static<typeof updateParams>

const ALWAYS = ['metadata', 'description', 'footer']
const WHILE_OPEN = [...ALWAYS, 'auto_advance', 'default_payment_method']

/** Changes what can still be changed of an invoice, and when it is finalized or paid by itself. */
export function updateInvoice(world: World, invoice: Invoice, params: Params): Invoice {
  refuseUneditable(invoice, params)
  const { metadata, default_payment_method: method, description, footer, ...rest } = params
  const changed: Invoice = {
    ...invoice,
    ...rest,
    ...(metadata !== undefined && { metadata: mergeMetadata(invoice.metadata, metadata) }),
    ...(description !== undefined && { description: description || null }),
    ...(footer !== undefined && { footer: footer || null }),
    ...(method !== undefined && {
      default_payment_method: getMethod(world, method, customerOf(invoice), 'default_payment_method').id,
    }),
  }
  const isSame = changed.auto_advance === invoice.auto_advance
  const times = isSame ? {} : timesOf(changed, world.now(customerOf(invoice)))
  return replace(world, 'invoice', invoice, { ...changed, ...times })
}

/** https://docs.stripe.com/invoicing/invoice-edits */
function refuseUneditable({ status }: Invoice, params: Params): void {
  if (status === 'draft') return
  const editable = status === 'open' ? WHILE_OPEN : ALWAYS
  const param = Object.keys(params).find((name) => !editable.includes(name))
  if (param === undefined) return
  throw new StripeRefusal(`This invoice is ${status}, so its ${param} can't be changed.`, {
    code: 'invoice_not_editable',
    param,
  })
}

function timesOf({ auto_advance, collection_method, status }: Invoice, now: number): Partial<Invoice> {
  const at = auto_advance ? now + HOUR : null
  return {
    automatically_finalizes_at: status === 'draft' ? at : null,
    next_payment_attempt: collection_method === 'charge_automatically' ? at : null,
  }
}
