import type { Static } from 'typebox'
import type { subscriptionData } from './checkout/sessionParams.ts'
import type { Coupon, Discount, PortalConfiguration } from './shapes.ts'

/** Objects of Stripe's that only billing makes. */
export interface BillingObjects {
  discount: Discount
  'billing_portal.configuration': PortalConfiguration
}

/** What billing keeps for itself. */
export interface BillingRecords {
  /** What a checkout session was asked for and does not show; the id is the session's. */
  checkout_order: {
    id: string
    lines: { id: string; price: string; quantity: number }[]
    data: Static<typeof subscriptionData>
    discounts: { coupon?: string; promotion_code?: string }[]
    customer_update: { address?: string; name?: string; shipping?: string }
    /** The subscription that waits for the buyer to prove who they are. */
    subscription: string | null
    /** Why the last payment failed, in words for the buyer. */
    failure: string | null
  }
  /** What a coupon was, for the discounts that were made of it. */
  deleted_coupon: Coupon
  /** A payment method that was somebody's, and can be nobody's any more. */
  detached_method: { id: string }
  /** A payment method whose holder has proved who they are. */
  approved_method: { id: string }
  /** Which payments an invoice has; the id is the invoice's. */
  invoice_payments_of: { id: string; payments: string[] }
  /** The end of the trial that was announced last; the id is the subscription's. */
  trial_notice: { id: string; trial_end: number }
}
