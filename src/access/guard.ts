import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Config } from '../config.ts'
import { type Decision, decide, lowestPlanWith, resolveFeatures, whyRefused } from '../entitlements/rules.ts'
import { type Problem, problem } from '../problems.ts'
import { graceEndOf, type Requirement } from './rules.ts'
import type { Snapshot } from './snapshot.ts'

export type Verdict = { kind: 'passed'; decision: Decision } | { kind: 'refused'; refusal: Problem }

/** Whether a product's route opens: first the verified mailbox, then the plan, then each feature. */
export function guard(
  { user, facts }: Snapshot,
  requirement: Requirement,
  catalogue: Catalogue,
  config: Pick<Config, 'verificationGraceDays' | 'upgradeUrl'>,
  at: Date,
): Verdict {
  if (!facts) return refused(problem('forbidden'))
  const graceEnd = graceEndOf(user, config)
  if (graceEnd && graceEnd <= at) {
    return refused(problem('email-verification-required', { grace_ended_at: graceEnd.toISOString() }))
  }
  const decision = decide(facts, catalogue, at)
  const { plan } = decision.plan
  const required = catalogue.plans.find((candidate) => candidate.plan === requirement.plan)
  if (requirement.plan && !required) {
    const detail = `There is no plan ${requirement.plan}.`
    return refused(
      problem('invalid-request', { errors: [{ pointer: '#/query/require', detail }] }, { detail }),
    )
  }
  const reason = required && whyRefused(decision, required)
  if (reason) {
    const members = { reason, plan, required_plan: required.plan, upgrade_url: config.upgradeUrl }
    return refused(problem('subscription-required', members))
  }
  const features = resolveFeatures(facts, decision.plan, catalogue, at)
  const missing = requirement.features.find((name) => !features[name])
  if (missing === undefined) return { kind: 'passed', decision }
  const lowest = lowestPlanWith(missing, catalogue)?.plan ?? null
  return refused(
    problem('feature-not-in-plan', {
      feature: missing,
      plan,
      required_plan: lowest,
      upgrade_url: config.upgradeUrl,
    }),
  )
}

function refused(refusal: Problem): Verdict {
  return { kind: 'refused', refusal }
}
