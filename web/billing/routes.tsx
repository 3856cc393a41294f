import type { AnyRoute } from '@tanstack/react-router'
import { page } from '../shell/page.ts'

/** What an account is on, what it pays, and what it uses. */
export function billingRoutes(parent: () => AnyRoute): AnyRoute[] {
  return [
    page(parent, '/billing', () => import('./billingPage.tsx'), 'BillingPage'),
    page(parent, '/billing/return', () => import('./returnPage.tsx'), 'ReturnPage'),
    page(parent, '/usage', () => import('./usagePage.tsx'), 'UsagePage'),
  ]
}
