import type { Grant } from '../../entitlements/facts.ts'
import { FREE, isInForce } from '../../entitlements/rules.ts'

/** What a new account does, in this order. */
export const steps = ['verify_email', 'name_account', 'invite', 'choose_plan'] as const
export type Step = (typeof steps)[number]

/** Those that may wait. A mailbox is proved, or what takes one stays closed. */
export const skippableSteps = ['name_account', 'invite', 'choose_plan'] as const
export type SkippableStep = (typeof skippableSteps)[number]

/** What decides how far an account has come, as whoever asks sees it. */
export interface OnboardingFacts {
  /** Whether whoever asks has proved their mailbox. */
  isVerified: boolean
  /** Whether somebody chose the name of the account. */
  isNamed: boolean
  /** Whether anybody was ever invited. */
  hasInvited: boolean
  members: number
  grants: Grant[]
  skipped: SkippableStep[]
}

/** How far an account has come. */
export interface Progress {
  steps: { step: Step; done: boolean; skipped: boolean }[]
  /** The first that is neither done nor skipped. */
  next: Step | null
  completed: boolean
}

/** What an account has done, put off, and has before it. */
export function progressOf(facts: OnboardingFacts, at: Date): Progress {
  const isDone: Record<Step, boolean> = {
    verify_email: facts.isVerified,
    name_account: facts.isNamed,
    invite: facts.hasInvited || facts.members > 1,
    choose_plan: facts.grants.some((grant) => isChosen(grant) && isInForce(grant, at)),
  }
  const skipped = new Set<Step>(facts.skipped)
  const all = steps.map((step) => ({ step, done: isDone[step], skipped: skipped.has(step) }))
  const next = all.find((step) => !step.done && !step.skipped)?.step ?? null
  return { steps: all, next, completed: next === null }
}

const isChosen = ({ source, plan }: Grant) => source !== 'trial' && plan !== FREE
