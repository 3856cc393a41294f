import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** An account, its members, and the user themself. */
export function accountRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [
    page(parent, '/welcome', () => import('./onboarding/welcomePage.tsx'), 'WelcomePage'),
    page(parent, '/members', () => import('./members/membersPage.tsx'), 'MembersPage'),
    page(parent, '/security', () => import('./security/securityPage.tsx'), 'SecurityPage'),
    page(parent, '/account', () => import('./settings/accountPage.tsx'), 'AccountPage'),
  ]
}
