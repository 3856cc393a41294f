'use client'

export { AccountWidget, type AccountWidgetProps } from './accountWidget.tsx'
export type { Interval } from './billingPages.ts'
export {
  FrontgateProvider,
  type FrontgateProviderProps,
  type Labels,
  useClient,
  useSession,
} from './frontgateProvider.tsx'
export { PricingTable, type PricingTableProps } from './pricingTable.tsx'
export { Problem } from './problem.tsx'
export { type Refused, RequireFeature, RequireLimit, RequirePlan } from './requirePlan.tsx'
export { SignIn, type SignInProps } from './signIn.tsx'
export { type BillingStateNow, useBillingState } from './useBillingState.ts'
