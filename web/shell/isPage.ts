import type { AnyRouter } from '@tanstack/react-router'

/** Whether a place is one of these pages, and not one that the product has at the same origin. */
export function isPage({ routesByPath }: AnyRouter, place: string): boolean {
  if (!place.startsWith('/')) return false
  const path = place.split(/[?#]/, 1)[0] ?? ''
  return path in routesByPath || path.startsWith('/operator/')
}
