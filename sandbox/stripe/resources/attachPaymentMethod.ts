import { replace } from '../engine/replace.ts'
import type { Objects } from '../objects.ts'
import { noSuch, StripeRefusal } from '../refusal.ts'
import type { World } from '../world.ts'
import { behaviourOf, createPaymentMethod, declineOf, findCard, isDeclinedAtOnce } from './cards.ts'

type PaymentMethod = Objects['payment_method']

/** The payment method that is named; one of the tokens `pm_card_…` makes a new one. */
export function takePaymentMethod(world: World, id: string, param?: string): PaymentMethod {
  const method = world.store.get('payment_method', id)
  if (method) return method
  if (id.startsWith('pm_card_') && findCard(id)) return createPaymentMethod(world, id, null)
  throw noSuch('PaymentMethod', id, param)
}

/** Makes it the customer's; a card that would be declined is refused, as is one that is another customer's. */
export function attachPaymentMethod(world: World, id: string, customer: string): PaymentMethod {
  const method = takePaymentMethod(world, id)
  if (method.customer === customer) return method
  if (method.customer !== null) {
    throw new StripeRefusal('The payment method you provided has already been attached to a customer.', {
      param: 'payment_method',
    })
  }
  if (world.store.get('detached_method', method.id)) {
    throw new StripeRefusal(
      'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
    )
  }
  const behaviour = behaviourOf(method)
  if (isDeclinedAtOnce(behaviour)) throw declineOf(behaviour)
  const attached = world.store.put('payment_method', { ...method, customer })
  world.emit('payment_method.attached', 'payment_method', attached)
  return attached
}

/** Takes it from its customer, who then has it as default nowhere. */
export function detachPaymentMethod(world: World, method: PaymentMethod): PaymentMethod {
  const owner = typeof method.customer === 'string' ? method.customer : null
  if (owner === null) {
    throw new StripeRefusal(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    )
  }
  const detached = world.store.put('payment_method', { ...method, customer: null })
  world.store.put('detached_method', { id: method.id })
  world.emit('payment_method.detached', 'payment_method', detached, { customer: owner })
  const customer = world.store.get('customer', owner)
  if (customer && !customer.deleted && customer.invoice_settings.default_payment_method === method.id) {
    const invoice_settings = { ...customer.invoice_settings, default_payment_method: null }
    replace(world, 'customer', customer, { ...customer, invoice_settings })
  }
  for (const subscription of world.store.listOf('subscription', owner)) {
    if (subscription.default_payment_method !== method.id) continue
    const without = { ...subscription, default_payment_method: null }
    replace(world, 'subscription', subscription, without, 'customer.subscription.updated')
  }
  return detached
}
