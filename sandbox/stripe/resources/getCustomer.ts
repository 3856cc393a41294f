import { noSuch } from '../refusal.ts'
import type { World } from '../world.ts'
import type { Customer } from './changeCustomer.ts'

/** The customer that a path or a parameter names; one that was deleted does not exist. */
export function getCustomer({ store }: World, id: string, param?: string): Customer {
  const customer = store.get('customer', id)
  if (!customer || customer.deleted) throw noSuch('customer', id, param)
  return customer
}
