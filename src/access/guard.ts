import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Config } from '../config.ts'
import { type Decision, decide, lowestPlanWith, resolveFeatures, whyRefused } from '../entitlements/rules.ts'
import { isAtLeast } from '../http/actor.ts'
import { type Problem, problem } from '../problems.ts'
import { graceEndOf, type Requirement, whyUnknown } from './rules.ts'
import type { Snapshot } from './snapshot.ts'

/** Whether a route opens, with what decided, or with the refusal to answer. */
export type Verdict = { kind: 'passed'; decision: Decision } | { kind: 'refused'; refusal: Problem }

/** Whether a product's route opens: first the role, then the verified mailbox, the plan, and each feature. */
export function guard(
  { user, role, facts }: Snapshot,
  requirement: Requirement,
  catalogue: Catalogue,
  config: Pick<Config, 'verificationGraceDays' | 'upgradeUrl'>,
  at: Date,
): Verdict {
  if (!facts) return refused(problem('forbidden'))
  // A guard that asks for what does not exist is set up wrongly: no upgrade would open it.
  const unknown = whyUnknown(requirement, catalogue)
  if (unknown) return refused(problem('invalid-request', { errors: [unknown] }, { detail: unknown.detail }))
  if (requirement.role && !(role && isAtLeast(role, requirement.role))) {
    const detail = `This takes the role ${requirement.role} or a higher one; yours is ${role}.`
    return refused(problem('forbidden', undefined, { detail }))
  }
  const graceEnd = graceEndOf(user, config)
  if (graceEnd && graceEnd <= at) {
    return refused(problem('email-verification-required', { grace_ended_at: graceEnd.toISOString() }))
  }
  const decision = decide(facts, catalogue, at)
  const { plan } = decision.plan
  const required = requirement.plan === undefined ? null : catalogue.planOf(requirement.plan)
  const reason = required && whyRefused(decision, required)
  if (reason) {
    const members = { reason, plan, required_plan: required.plan, upgrade_url: config.upgradeUrl }
    return refused(problem('subscription-required', members))
  }
  const features = resolveFeatures(facts, decision.plan, catalogue, at)
  const missing = requirement.features.find((name) => !features[name])
  if (missing === undefined) return { kind: 'passed', decision }
  const lowest = lowestPlanWith(missing, facts, catalogue, at)?.plan ?? null
  const members = { feature: missing, plan, required_plan: lowest, upgrade_url: config.upgradeUrl }
  return refused(problem('feature-not-in-plan', members))
}

function refused(refusal: Problem): Verdict {
  return { kind: 'refused', refusal }
}
