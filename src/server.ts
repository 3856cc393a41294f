import { Access } from './access/access.ts'
import { entitlementRoutes } from './access/entitlements/routes.ts'
import { liveRoutes } from './access/live/routes.ts'
import { accessRoutes } from './access/routes.ts'
import { accountRoutes } from './accounts/routes.ts'
import { isOpenFor } from './accounts/selfServe/visitors.ts'
import type { App } from './app.ts'
import { ALARM_KINDS } from './billing/projection/alarms.ts'
import { DRIFT_KINDS } from './billing/reconcile/drift.ts'
import { billingRoutes } from './billing/routes.ts'
import { catalogueRoutes } from './catalogue/routes.ts'
import { measureDatabase } from './db/measureDatabase.ts'
import { configRoutes, type IsOpenFor } from './http/configRoutes.ts'
import { healthRoutes } from './http/healthRoutes.ts'
import { beginAtNought } from './http/metrics.ts'
import { problemPages } from './http/problemPages.ts'
import { makeServer, type Server } from './http/server.ts'
import { webPages } from './http/webPages.ts'
import { identityRoutes } from './identity/routes.ts'
import { leadRoutes } from './leads/routes.ts'
import { measureBacklog } from './operators/backlog/measureBacklog.ts'
import { operatorRoutes } from './operators/routes.ts'
import { recordRoutes } from './records/routes.ts'
import { FAILURES_THAT_DISABLE } from './webhooks/disableEndpoint.ts'
import { DELIVERY_OUTCOMES } from './webhooks/rules.ts'

/** The whole API: every module's operations, in the order of openapi.json. */
export async function buildServer(app: App): Promise<{ server: Server; access: Access }> {
  const access = new Access(app)
  const server = await makeServer(app, access)
  const isOpen: IsOpenFor = (request, reply) => isOpenFor(app, request, reply)
  configRoutes(server, app, isOpen)
  catalogueRoutes(server, app, access.catalogues)
  accountRoutes(server, app, access)
  identityRoutes(server, app, access)
  billingRoutes(server, app, access)
  leadRoutes(server, app)
  accessRoutes(server, app, access)
  liveRoutes(server, app, access)
  entitlementRoutes(server, app, access)
  recordRoutes(server, app)
  operatorRoutes(server, app, access)
  healthRoutes(server, app)
  measureDatabase(app)
  measureBacklog(app)
  const { stripeAlarms, stripeDrift, webhookDeliveries, webhookEndpointsDisabled } = app.metrics
  beginAtNought(stripeAlarms, 'kind', ALARM_KINDS)
  beginAtNought(stripeDrift, 'kind', DRIFT_KINDS)
  beginAtNought(webhookDeliveries, 'outcome', DELIVERY_OUTCOMES)
  beginAtNought(webhookEndpointsDisabled, 'because', FAILURES_THAT_DISABLE)
  problemPages(server)
  await webPages(server, app, isOpen)
  return { server, access }
}
