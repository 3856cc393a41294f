import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** What anybody may open. */
export function visitorRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [page(parent, '/sign-in', () => import('./signInPage.tsx'), 'SignInPage')]
}
