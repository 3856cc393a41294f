import type { Invoice } from '../../billing/shapes.ts'
import type { Portal } from './findPortal.ts'

/** The page of an invoice, with the way back to this portal. */
export function invoiceLink({ id }: Invoice, session: Portal['session']): string {
  return `/stripe/invoice/${id}?portal=${session.id}`
}
