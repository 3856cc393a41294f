import type { Offer, Offers, PublicPlan } from './offers.ts'
import { type Refused, refuse } from './problems.ts'
import type { Outcome, Requirement, Span } from './rules.ts'

/** A decision that did not open a route, with what it was taken on. */
export interface Refusal {
  outcome: Exclude<Outcome, { kind: 'passed' | 'untold' }>
  requirement: Requirement
  span: Span
  /** Where the account goes to get more, where the state told. */
  upgradeUrl: string | null
}

/** The refusal in the words of the service; waits only where what is for sale has to be asked for. */
export function explain(refusal: Refusal, offers: Offers): Refused | Promise<Refused> {
  const { outcome } = refusal
  if (outcome.kind === 'role-too-low') {
    const { least, role } = outcome
    const detail = `This takes the role ${least} or a higher one; yours is ${role}.`
    return refuse('forbidden', {}, { detail })
  }
  const offer = offers.remembered()
  if (offer && hasPlan(refusal, offer)) return worded(refusal, offer)
  return explainLater(refusal, offers)
}

async function explainLater(refusal: Refusal, offers: Offers): Promise<Refused> {
  const { requirement, span } = refusal
  const offer = await offers.read()
  const isKnown =
    requirement.plan === undefined ||
    offer.plans === null ||
    hasPlan(refusal, offer) ||
    (await offers.isHiddenPlan(requirement.plan, span.passed.caller.token))
  return isKnown
    ? worded(refusal, offer)
    : setUpWrongly('#/query/require', `There is no plan ${requirement.plan}.`)
}

function worded({ outcome, requirement, span, upgradeUrl }: Refusal, offer: Offer): Refused {
  // A guard that asks for what does not exist is set up wrongly: no upgrade would open it.
  const unknown = requirement.features?.find((name) => !hasFeature(span, offer, name))
  if (unknown !== undefined) return setUpWrongly('#/query/feature', `There is no feature ${unknown}.`)
  const { plan } = span.passed.caller
  const upgrade_url = upgradeUrl ?? offer.upgradeUrl
  switch (outcome.kind) {
    case 'unverified':
      return refuse('email-verification-required', {
        grace_ended_at: new Date(outcome.graceEndedAt).toISOString(),
      })
    case 'plan-required': {
      const { reason, required } = outcome
      return refuse('subscription-required', { reason, plan, required_plan: required, upgrade_url })
    }
    case 'feature-missing': {
      const { feature } = outcome
      const required_plan = span.missing
        ? (span.missing[feature] ?? null)
        : lowestPlanWith(feature, plan, offer.plans ?? [])
      return refuse('feature-not-in-plan', { feature, plan, required_plan, upgrade_url })
    }
    default:
      throw new Error(`${outcome.kind} has been explained`)
  }
}

/** A refusal of what the product asks for, not of who asks. */
function setUpWrongly(pointer: string, detail: string): Refused {
  return refuse('invalid-request', { errors: [{ pointer, detail }] }, { detail })
}

function hasPlan({ requirement: { plan }, span: { opens } }: Refusal, { plans }: Offer): boolean {
  return (
    plan === undefined ||
    plans === null ||
    opens?.has(plan) === true ||
    plans.some((known) => known.plan === plan)
  )
}

function hasFeature({ features, missing }: Span, { plans }: Offer, name: string): boolean {
  if (features?.has(name)) return true
  if (missing) return Object.hasOwn(missing, name)
  return !plans?.[0] || Object.hasOwn(plans[0].features, name)
}

/** A plan that has the feature, to an account on it that has not, was overruled for the account: then none would open it. */
function lowestPlanWith(feature: string, current: string, plans: PublicPlan[]): string | null {
  const opens = plans.filter(({ features }) => features[feature] === true).map(({ plan }) => plan)
  return opens.includes(current) ? null : (opens[0] ?? null)
}
