import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** What staff see and do. */
export function operatorRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [
    page(parent, '/sign-in', () => import('./signInPage.tsx'), 'SignInPage'),
    page(parent, '/', () => import('./searchPage.tsx'), 'SearchPage'),
    page(parent, '/accounts/$id', () => import('./account/accountPage.tsx'), 'AccountPage'),
    page(parent, '/figures', () => import('./figuresPage.tsx'), 'FiguresPage'),
    page(parent, '/leads', () => import('./leadsPage.tsx'), 'LeadsPage'),
    page(parent, '/stripe-events', () => import('./stripeEventsPage.tsx'), 'StripeEventsPage'),
    page(parent, '/drift', () => import('./driftPage.tsx'), 'DriftPage'),
    page(parent, '/webhooks', () => import('./webhooks/webhooksPage.tsx'), 'WebhooksPage'),
    page(parent, '/product-keys', () => import('./productKeysPage.tsx'), 'ProductKeysPage'),
    page(parent, '/self-serve', () => import('./selfServePage.tsx'), 'SelfServePage'),
    page(parent, '/catalogue', () => import('./cataloguePage.tsx'), 'CataloguePage'),
    page(parent, '/operators', () => import('./operatorsPage.tsx'), 'OperatorsPage'),
    page(parent, '/security', () => import('./securityPage.tsx'), 'SecurityPage'),
    page(parent, '/audit', () => import('./auditPage.tsx'), 'AuditPage'),
  ]
}
