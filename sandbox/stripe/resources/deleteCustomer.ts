import { cancelSubscriptionNow } from '../billing/cancelSubscription.ts'
import type { Objects } from '../objects.ts'
import type { World } from '../world.ts'
import type { Customer } from './changeCustomer.ts'

/** Deletes a customer for good and cancels what they subscribed to; the id then answers as deleted. */
export function deleteCustomer(world: World, customer: Customer): Objects['customer'] {
  const { id } = customer
  for (const subscription of world.store.listOf('subscription', id)) {
    if (!['canceled', 'incomplete_expired'].includes(subscription.status)) {
      cancelSubscriptionNow(world, subscription.id)
    }
  }
  for (const method of world.store.listOf('payment_method', id)) {
    world.store.put('payment_method', { ...method, customer: null })
    world.store.put('detached_method', { id: method.id })
  }
  world.emit('customer.deleted', 'customer', customer)
  return world.store.put('customer', { id, object: 'customer', deleted: true })
}
