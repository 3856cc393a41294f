import { buildCustomer } from '../../resources/buildCustomer.ts'
import type { World } from '../../world.ts'
import type { Customer } from '../shapes.ts'

/** Makes a customer of somebody who is known by nothing but what they typed into the page. */
export function createBuyer(
  world: World,
  { email, name }: { email: string | null; name: string | null },
): Customer {
  const customer = world.store.put('customer', { ...buildCustomer(world.now()), email, name }) as Customer
  world.emit('customer.created', 'customer', customer)
  return customer
}
