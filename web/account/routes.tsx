import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** An account, its members, and the user themself. */
export function accountRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [page(parent, '/account', () => import('./accountPage.tsx'), 'AccountPage')]
}
