import { replace } from '../engine/replace.ts'
import { StripeRefusal } from '../refusal.ts'
import { attachPaymentMethod, takePaymentMethod } from '../resources/attachPaymentMethod.ts'
import type { World } from '../world.ts'
import {
  type Customer,
  customerOf,
  type Invoice,
  idOf,
  type PaymentMethod,
  type Subscription,
} from './shapes.ts'

/** The payment method that a parameter names; refused unless it is the customer's. */
export function getMethod(world: World, id: string, customer: string, param: string): PaymentMethod {
  const method = takePaymentMethod(world, id, param)
  if (idOf(method.customer) === customer) return method
  // A test token stands for a card of whoever it is used for: https://docs.stripe.com/testing#cards
  if (id.startsWith('pm_card_')) return attachPaymentMethod(world, method.id, customer)
  throw new StripeRefusal(
    `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
    { code: 'resource_missing', param },
  )
}

/** What is charged: the invoice's own payment method, the subscription's, or the customer's default. */
export function findMethod(
  { store }: World,
  customer: string,
  ...bearers: (Pick<Subscription | Invoice, 'default_payment_method'> | null | undefined)[]
): PaymentMethod | null {
  const holder = store.get('customer', customer)
  const settings = holder && !holder.deleted ? holder.invoice_settings : null
  const ids = [...bearers, settings].map((bearer) => idOf(bearer?.default_payment_method))
  const attached = ids.flatMap((id) => (id && store.get('payment_method', id)) || [])
  return attached.find((method) => customerOf(method) === customer) ?? null
}

/** Notes whether the latest invoice failed to be paid: https://docs.stripe.com/api/customers/object#customer_object-delinquent */
export function setDelinquent(world: World, id: string, delinquent: boolean): void {
  const customer = world.store.get('customer', id)
  if (customer && !customer.deleted) replace(world, 'customer', customer, { ...customer, delinquent })
}

/** Keeps what the customer owes beside invoices; below zero it is a credit, which the next invoice uses. */
export function setBalance(world: World, customer: Customer, balance: number): void {
  replace(world, 'customer', customer, { ...customer, balance })
}
