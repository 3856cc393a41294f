import { type ProblemBody, refuse } from '../guards/problems.ts'
import { spansOf, type TestAccount } from './accounts.ts'
import { type Catalogue, limitsOf } from './catalogue.ts'

/** An order as the wire has it. */
export interface Order {
  limit: string
  amount: number
  idempotency_key?: string
}

interface Asked {
  account: TestAccount
  catalogue: Catalogue
  at: number
  upgradeUrl: string
}

/** Whether so much more of a limit fits. */
export function check(asked: Asked, { limit: name, amount }: Order): object {
  const { account, catalogue, at, upgradeUrl } = asked
  const [{ plan, limits, opens }] = spansOf(account, catalogue, at)
  const { per, amount: most } = limits[name] as { per: string | null; amount: number | null }
  const used = account.used.get(periodOf(name, per, at)) ?? 0
  const standing = {
    limit: most,
    used,
    remaining: most === null ? null : Math.max(0, most - used),
    resets_at: per === null ? null : nextMonth(at),
  }
  if (most === null || used + amount <= most) {
    return { allowed: true, reason: most === null ? 'unlimited' : 'within-limit', plan, ...standing }
  }
  const larger = catalogue.plans.find((candidate) => {
    const has = limitsOf(catalogue, candidate, account.own.limits)[name]?.amount
    const isHigher = candidate.public !== false && !opens.includes(candidate.plan)
    return isHigher && (has === null || (has !== undefined && used + amount <= has))
  })
  const upgrade = larger ? { plan: larger.plan, url: upgradeUrl } : null
  return { allowed: false, reason: 'limit-reached', plan, ...standing, upgrade }
}

/** Counts an order, once for each key; a refusal where it does not fit. */
export function consume(asked: Asked, order: Order): object | ProblemBody {
  const { account, upgradeUrl } = asked
  const known = account.orders.get(order.idempotency_key ?? '')
  if (known && isOther(known, order)) return keyReused()
  const counted = !known || known.isReleased
  if (counted) {
    const verdict = check(asked, order) as { allowed: boolean; upgrade?: { plan: string } | null }
    if (!verdict.allowed) {
      const required_plan = verdict.upgrade?.plan ?? null
      return refuse('limit-reached', { ...verdict, required_plan, upgrade_url: upgradeUrl }).problem
    }
    count(asked, order, order.amount)
    note(account, order, false)
  }
  const { upgrade: _, ...after } = check(asked, { ...order, amount: 0 }) as { upgrade?: unknown }
  return { ...after, counted }
}

/** Gives back what was counted under a key, once. */
export function release(asked: Asked, order: Order): object | ProblemBody {
  const { account } = asked
  const known = account.orders.get(order.idempotency_key ?? '')
  if (known && isOther(known, order)) return keyReused()
  if (!known?.isReleased) {
    count(asked, order, -order.amount)
    note(account, order, true)
  }
  return check(asked, order)
}

/** What a limit is counted under now: levels for ever, rates by the calendar month. */
export function periodOf(limit: string, per: string | null, at: number): string {
  return per === null ? limit : `${limit} ${new Date(at).toISOString().slice(0, 7)}`
}

function count({ account, catalogue, at }: Asked, { limit }: Order, amount: number): void {
  const [{ limits }] = spansOf(account, catalogue, at)
  const period = periodOf(limit, limits[limit]?.per ?? null, at)
  account.used.set(period, Math.max(0, (account.used.get(period) ?? 0) + amount))
}

function note(account: TestAccount, order: Order, isReleased: boolean): void {
  const { limit, amount, idempotency_key = '' } = order
  account.orders.set(idempotency_key, { limit, amount, isReleased })
}

const isOther = (known: { limit: string; amount: number }, { limit, amount }: Order) =>
  known.limit !== limit || known.amount !== amount

function keyReused(): ProblemBody {
  return {
    type: '/problems/idempotency-key-reused',
    title: 'This key was used for something else',
    status: 409,
    code: 'idempotency-key-reused',
    detail: 'An earlier call of this account had the same idempotency key with another limit or amount.',
    instance: crypto.randomUUID(),
  }
}

function nextMonth(at: number): string {
  const now = new Date(at)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString()
}
