import type Stripe from 'stripe'
import type { Wire } from '../objects.ts'

export type Coupon = Wire<Stripe.Coupon>
export type Customer = Wire<Stripe.Customer>
export type Discount = Wire<Stripe.Discount>
export type Invoice = Wire<Stripe.Invoice>
export type InvoiceItem = Wire<Stripe.InvoiceItem>
export type InvoiceLine = Wire<Stripe.InvoiceLineItem>
export type InvoicePayment = Wire<Stripe.InvoicePayment>
export type PaymentIntent = Wire<Stripe.PaymentIntent>
export type PaymentMethod = Wire<Stripe.PaymentMethod>
export type PortalConfiguration = Wire<Stripe.BillingPortal.Configuration>
export type Price = Wire<Stripe.Price>
export type Schedule = Wire<Stripe.SubscriptionSchedule>
export type Phase = Schedule['phases'][number]
export type SetupIntent = Wire<Stripe.SetupIntent>
export type Session = Wire<Stripe.Checkout.Session>
export type Subscription = Wire<Stripe.Subscription>
export type SubscriptionItem = Wire<Stripe.SubscriptionItem>

/** The id of what is referred to, by id or expanded. */
export function idOf(value: string | { id: string } | null | undefined): string | null {
  return typeof value === 'object' && value !== null ? value.id : (value ?? null)
}

/** The id of the customer whose it is; everything of billing belongs to one. */
export function customerOf({ customer }: { customer: string | { id: string } | null }): string {
  return idOf(customer) ?? ''
}

/** The id of the product that a price is for. */
export function productOf({ product }: Price): string {
  return idOf(product) ?? ''
}
