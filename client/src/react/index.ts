'use client'

export { AccountWidget, type AccountWidgetProps } from './accountWidget.tsx'
export type { Interval } from './billingPages.ts'
export {
  formatDate,
  formatLimit,
  formatMoney,
  formatShare,
  formatWait,
  initialsOf,
  nameInWords,
  yearlySaving,
} from './format.ts'
export {
  FrontgateProvider,
  type FrontgateProviderProps,
  type Labels,
  useClient,
  useSession,
} from './frontgateProvider.tsx'
export { PricingTable, type PricingTableProps } from './pricingTable.tsx'
export { Problem } from './problem.tsx'
export { ProviderMark } from './providerMark.tsx'
export { type Refused, RequireFeature, RequireLimit, RequirePlan } from './requirePlan.tsx'
export { providerTitles, sayFaultsOfFields, sayProblem } from './sayProblem.ts'
export { type Standing, sayStanding } from './sayStanding.ts'
export { SignIn, type SignInProps } from './signIn.tsx'
export { type BillingStateNow, useBillingState, useServiceTime } from './useBillingState.ts'
export { chooseLanguage, type Language, type Words } from './words.ts'
