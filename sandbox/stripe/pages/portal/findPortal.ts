import { findMethod } from '../../billing/customers.ts'
import { getConfiguration } from '../../billing/portal/configuration.ts'
import {
  type Customer,
  customerOf,
  type Invoice,
  idOf,
  type PaymentMethod,
  type PortalConfiguration,
  type Subscription,
} from '../../billing/shapes.ts'
import { isEnded } from '../../billing/subscriptions/items.ts'
import type { Objects } from '../../objects.ts'
import { noSuch } from '../../refusal.ts'
import { getCustomer } from '../../resources/getCustomer.ts'
import type { World } from '../../world.ts'

/** What a portal session shows: everything of one customer. */
export interface Portal {
  session: Objects['billing_portal.session']
  /** What its configuration lets the customer do. */
  features: PortalConfiguration['features']
  customer: Customer
  /** Those that live, or else the one that was made last; the newest first. */
  subscriptions: Subscription[]
  /** What is charged. */
  method: PaymentMethod | null
  methods: PaymentMethod[]
  /** Without drafts; the newest first. */
  invoices: Invoice[]
}

/** The portal of a session; throws when there is no such session, or its customer was deleted. */
export function findPortal(world: World, id: string): Portal {
  const session = world.store.get('billing_portal.session', id)
  if (!session) throw noSuch('portal session', id)
  const customer = getCustomer(world, customerOf(session))
  const subscriptions = world.store.listOf('subscription', customer.id).toReversed()
  const live = subscriptions.filter((one) => !isEnded(one))
  return {
    session,
    features: getConfiguration(world, idOf(session.configuration) ?? '').features,
    customer,
    subscriptions: live.length > 0 ? live : subscriptions.slice(0, 1),
    method: findMethod(world, customer.id, ...live),
    methods: world.store.listOf('payment_method', customer.id).toReversed(),
    invoices: world.store
      .listOf('invoice', customer.id)
      .filter(({ status }) => status !== 'draft')
      .toReversed(),
  }
}

/** The subscription that is named, if it is the customer's and not over. */
export function liveSubscription({ subscriptions }: Portal, id: string): Subscription {
  const found = subscriptions.find((one) => one.id === id && !isEnded(one))
  if (found) return found
  throw noSuch('subscription', id)
}
