import type { Access } from '../access/access.ts'
import type { App } from '../app.ts'
import type { Server } from '../http/server.ts'
import { checkoutRoutes } from './checkout/routes.ts'
import { eventRoutes } from './events/routes.ts'
import { stateRoutes } from './stateRoutes.ts'
import { subscriptionRoutes } from './subscription/routes.ts'

/** Everything between an account and Stripe. */
export function billingRoutes(server: Server, app: App, access: Access): void {
  stateRoutes(server, app, access)
  checkoutRoutes(server, app, access)
  subscriptionRoutes(server, app, access)
  eventRoutes(server, app)
}
