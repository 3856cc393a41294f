import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router'
import { accountRoutes } from './account/routes.tsx'
import { billingRoutes } from './billing/routes.tsx'
import { operatorRoutes } from './operator/routes.tsx'
import { Failed } from './shell/failed.tsx'
import { Loading } from './shell/loading.tsx'
import { NotFound } from './shell/notFound.tsx'
import { visitorRoutes } from './visitor/routes.tsx'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })

/** In the middle of an empty page, for whoever comes by. */
const visitors = createRoute({
  getParentRoute: () => root,
  id: 'visitors',
  component: lazyRouteComponent(() => import('./shell/visitorLayout.tsx'), 'VisitorLayout'),
})

/** Beside the navigation of an account, for members; others are asked to sign in first. */
const members = createRoute({
  getParentRoute: () => root,
  id: 'members-area',
  component: lazyRouteComponent(() => import('./shell/accountLayout.tsx'), 'AccountLayout'),
})

/** For staff, who sign in by themselves. */
const operators = createRoute({
  getParentRoute: () => root,
  path: 'operator',
  component: lazyRouteComponent(() => import('./shell/operatorLayout.tsx'), 'OperatorLayout'),
})

/** Every page. Where the service serves them is in src/http/webPages.ts. */
export const router = createRouter({
  routeTree: root.addChildren([
    visitors.addChildren(visitorRoutes(() => visitors)),
    members.addChildren([...accountRoutes(() => members), ...billingRoutes(() => members)]),
    operators.addChildren(operatorRoutes(() => operators)),
  ]),
  defaultPendingComponent: Loading,
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: NotFound,
  defaultPreload: 'intent',
  scrollRestoration: true,
})
