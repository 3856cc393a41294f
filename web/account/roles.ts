import type { components } from '@frontgate/client'

export type Role = components['schemas']['Role']

/** From the highest to the lowest: each may do what the ones after it may. */
const roles: readonly Role[] = ['owner', 'admin', 'member', 'viewer']

/** Whether a role may do what another one may. */
export function isAtLeast(role: Role | undefined, other: Role): boolean {
  return role !== undefined && roles.indexOf(role) <= roles.indexOf(other)
}

/** What somebody may make of others, who are what they are: admins and owners reach up to their own role. */
export function rolesToGive(own: Role | undefined): Role[] {
  return isAtLeast(own, 'admin') ? roles.filter((role) => isAtLeast(own, role)) : []
}

/** Whether a member may change, or take out, another one or an invite of that role. */
export function mayActOn(own: Role | undefined, target: Role): boolean {
  return isAtLeast(own, 'admin') && isAtLeast(own, target)
}
