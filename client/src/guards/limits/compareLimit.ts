import type { Verdict } from '../gate.ts'
import type { Offers, PublicPlan } from '../offers.ts'
import { refuse } from '../problems.ts'
import type { Span } from '../rules.ts'
import type { LimitOrder } from './usage.ts'

interface Compared {
  span: Span
  order: LimitOrder
  /** What the product has counted. */
  used: number
  at: number
  upgradeUrl: string
}

/** Whether so much more of a limit fits beside what the product has counted, in the words of the service. */
export async function compareLimit(compared: Compared, offers: Offers): Promise<Verdict> {
  const { span, order, used, at, upgradeUrl } = compared
  const limit = span.limits && Object.hasOwn(span.limits, order.limit) ? span.limits[order.limit] : undefined
  if (!limit) {
    const detail = `There is no limit ${order.limit}.`
    return refuse('invalid-request', { errors: [{ pointer: '#/limit', detail }] })
  }
  const { amount: most, per } = limit
  if (most === null || used + order.amount <= most) return span.passed
  const { plans } = await offers.read()
  const higher = plans?.filter(({ plan }) => !span.opens?.has(plan))
  const required = higher?.find((plan) => fits(plan, order, used))?.plan ?? null
  return refuse('limit-reached', {
    allowed: false,
    reason: 'limit-reached',
    plan: span.passed.caller.plan,
    limit: most,
    used,
    remaining: Math.max(0, most - used),
    // When a month of billing began is not known here.
    resets_at: per === 'month' ? nextMonth(at) : null,
    upgrade: required === null ? null : { plan: required, url: upgradeUrl },
    required_plan: required,
    upgrade_url: upgradeUrl,
  })
}

function fits({ limits }: PublicPlan, { limit: name, amount }: LimitOrder, used: number): boolean {
  const limit = Object.hasOwn(limits, name) ? limits[name] : 0
  const most = typeof limit === 'object' && limit !== null ? limit.amount : (limit ?? null)
  return most === null || used + amount <= most
}

function nextMonth(at: number): string {
  const now = new Date(at)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString()
}
