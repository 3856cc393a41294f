import type { App } from '../../app.ts'
import { decide } from '../../entitlements/rules.ts'
import {
  type Check,
  checkFeature,
  checkLimit,
  type Standing,
  standingsOf,
} from '../../entitlements/usage/rules.ts'
import { type AskedAccount, lockedSince, refuse } from './askedAccount.ts'

/** What is asked: a feature, or so much more of a limit. */
export interface Question {
  feature?: string
  limit?: string
  amount?: number
}

/** Whether an account has a feature, or so much more of a limit; refused when the question is not one of the two. */
export function checkEntitlement(asked: AskedAccount, question: Question, app: App, at: Date): Check {
  const check = answer(asked, question, at)
  const isLocked = lockedSince(asked, app, at) !== null
  return isLocked ? { ...check, allowed: false, reason: 'email-verification-required', upgrade: null } : check
}

/** How an account stands with a limit that the catalogue must have. */
export function standingOf(
  { facts, catalogue }: AskedAccount,
  limit: string,
  at: Date,
  pointer = '#/limit',
): Standing {
  const standings = standingsOf(facts, decide(facts, catalogue, at), catalogue, at)
  const standing = Object.hasOwn(standings, limit) ? standings[limit] : undefined
  return standing ?? refuse(pointer, `There is no limit ${limit}.`)
}

function answer(asked: AskedAccount, { feature: name, limit, amount }: Question, at: Date): Check {
  const { facts, catalogue } = asked
  if (name !== undefined && limit !== undefined) refuse('#/limit', 'is asked for beside a feature')
  if (name !== undefined) {
    if (amount !== undefined) refuse('#/amount', 'is of a limit, and a feature is asked for')
    const feature = catalogue.features.find((known) => known.name === name)
    return feature
      ? checkFeature(feature, facts, catalogue, at)
      : refuse('#/feature', `There is no feature ${name}.`)
  }
  if (limit === undefined) refuse('#', 'names neither a feature nor a limit')
  return checkLimit(limit, amount ?? 1, standingOf(asked, limit, at), facts, catalogue, at)
}
