import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** What staff see and do. */
export function operatorRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [page(parent, '/', () => import('./searchPage.tsx'), 'SearchPage')]
}
