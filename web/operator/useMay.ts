import type { Operator } from '@frontgate/client'
import { useOperator } from './useOperator.ts'

export type OperatorRole = Operator['role']

/** Each may do what the ones after it may. */
export const operatorRoles = ['admin', 'support', 'read'] as const satisfies OperatorRole[]

/** Whether whoever is signed in has at least this role. The service has the last word. */
export function useMay(least: OperatorRole): boolean {
  const { operator } = useOperator()
  return operator !== null && operatorRoles.indexOf(operator.role) <= operatorRoles.indexOf(least)
}
