import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { ComponentType } from 'react'

/** A page that is fetched when somebody goes there, of a file that exports it by name. */
export function page<Name extends string>(
  parent: () => AnyRoute,
  path: string,
  load: () => Promise<Record<Name, ComponentType>>,
  name: Name,
): AnyRoute {
  return createRoute({
    getParentRoute: parent,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, ComponentType>>, name),
  }) as unknown as AnyRoute
}
