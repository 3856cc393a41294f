import type Stripe from 'stripe'
import type { BillingObjects, BillingRecords } from './billing/records.ts'

/** A type of the SDK as it travels: decimals are strings there, and there is no `lastResponse`. */
export type Wire<T> = T extends Stripe.Decimal
  ? string
  : // Words that Stripe may add to are text too, not objects.
    T extends string
    ? T
    : T extends (infer E)[]
      ? Wire<E>[]
      : T extends object
        ? { [K in keyof T as K extends 'lastResponse' ? never : K]: Wire<T[K]> }
        : T

/** Every kind of object that the stand-in holds, by the word of its `object` field. */
export interface Objects extends BillingObjects {
  product: Wire<Stripe.Product>
  price: Wire<Stripe.Price>
  coupon: Wire<Stripe.Coupon>
  promotion_code: Wire<Stripe.PromotionCode>
  customer: Wire<Stripe.Customer> | Wire<Stripe.DeletedCustomer>
  payment_method: Wire<Stripe.PaymentMethod>
  subscription: Wire<Stripe.Subscription>
  subscription_schedule: Wire<Stripe.SubscriptionSchedule>
  invoice: Wire<Stripe.Invoice>
  invoiceitem: Wire<Stripe.InvoiceItem>
  invoice_payment: Wire<Stripe.InvoicePayment>
  payment_intent: Wire<Stripe.PaymentIntent>
  setup_intent: Wire<Stripe.SetupIntent>
  charge: Wire<Stripe.Charge>
  refund: Wire<Stripe.Refund>
  dispute: Wire<Stripe.Dispute>
  'checkout.session': Wire<Stripe.Checkout.Session>
  'billing_portal.session': Wire<Stripe.BillingPortal.Session>
  event: Wire<Stripe.Event>
  'test_helpers.test_clock': Wire<Stripe.TestHelpers.TestClock>
}

export type Kind = keyof Objects

/** What the stand-in keeps for itself, in the same changes as Stripe's objects. */
export interface Records extends BillingRecords {
  /** The first answer to an idempotency key; the id is the key. */
  idempotent_reply: {
    id: string
    method: string
    path: string
    /** Tells whether a later request has the same parameters. */
    fingerprint: string
    status: number
    body: string
    request_id: string
    at: number
  }
  /** One message about an event that has not been taken by the webhook's receiver. */
  delivery: {
    id: string
    event: string
    shape: 'snapshot' | 'thin'
    /** How often it was sent in vain. */
    attempts: number
    /** In milliseconds of real time. */
    due_at: number
    /** Waits until it is flushed, whenever it is due. */
    held: boolean
  }
}

export interface Kept extends Objects, Records {}
