import type { ReactElement } from 'react'
import { FrontgateProblem } from '../api/problem.ts'
import { Outcome, Waiting } from './formParts.tsx'
import { useFrontgate } from './frontgateProvider.tsx'
import { Refusal } from './requirePlan.tsx'
import type { Need } from './rules.ts'
import { sayProblem } from './sayProblem.ts'
import { usePlans } from './usePublished.ts'

/**
 * What to say of something that was thrown: a refusal by the service, by a guard of the product or by the product itself,
 * or no answer at all. With the way out where there is one: the plans, what is owed, a new link to verify an address,
 * sales. Shows nothing for null and undefined.
 */
export function Problem({ problem }: { problem: unknown }): ReactElement | null {
  const { words, locale } = useFrontgate()
  if (problem === null || problem === undefined) return null
  const known = problem instanceof FrontgateProblem ? problem : null
  const isUnverified = known?.code === 'email-verification-required'
  const need = known && needOf(known)
  if (isUnverified || (known && need)) {
    return (
      <section className="frontgate frontgate-refusal" lang={locale} role="alert">
        {known && need ? (
          <Closed problem={known} need={need} />
        ) : (
          <Refusal need={ANY_PLAN} refused={{ kind: 'unverified', reason: null, requiredPlan: null }} />
        )}
      </section>
    )
  }
  const sales = known?.members.sales_url
  return (
    <div className="frontgate" lang={locale}>
      <Outcome kind="fault">
        {sayProblem(problem, { words, locale })}{' '}
        {typeof sales === 'string' && <a href={sales}>{words.talkToSales}</a>}
      </Outcome>
    </div>
  )
}

const ANY_PLAN: Need = { kind: 'plan', plan: '' }

function Closed({ problem: { members }, need }: { problem: FrontgateProblem; need: Need }): ReactElement {
  const { words } = useFrontgate()
  const plans = usePlans()
  if (!plans.data && !plans.problem) return <Waiting says={words.loading} />
  const { reason, required_plan, limit, used, resets_at } = members
  const requiredPlan = plans.data?.find(({ plan }) => plan === required_plan) ?? null
  const refused = {
    kind: 'closed',
    reason: typeof reason === 'string' ? reason : null,
    requiredPlan,
  } as const
  const count = { used: Number(used), limit: Number(limit), resetsAt: resets_at ? String(resets_at) : null }
  return <Refusal need={need} refused={refused} count={need.kind === 'limit' ? count : null} />
}

/** What a refusal for want of a plan asked for; null for any other. */
function needOf({ code, members: { feature, required_plan } }: FrontgateProblem): Need | null {
  if (code === 'subscription-required') return { kind: 'plan', plan: String(required_plan) }
  if (code === 'feature-not-in-plan') return { kind: 'feature', feature: String(feature) }
  return code === 'limit-reached' ? { kind: 'limit', limit: '', used: undefined } : null
}
