import type { Role } from '../guards/caller.ts'
import type { Claims } from '../guards/claims.ts'
import {
  type Catalogue,
  type CataloguePlan,
  hasFeature,
  limitsOf,
  type OwnValues,
  planNamed,
  plansUpTo,
} from './catalogue.ts'
import type { Story } from './states.ts'

const DAY_MS = 86_400_000

/** An account as the kit keeps it. Instants are milliseconds since 1970. */
export interface TestAccount {
  id: string
  story: Story
  /** The plan of its grant. */
  plan: string
  since: number
  own: OwnValues
  /** What was counted, by limit and period. */
  used: Map<string, number>
  /** What was counted under which key. */
  orders: Map<string, { limit: string; amount: number; isReleased: boolean }>
}

/** Whom a token was made for. */
export interface TestPerson {
  userId: string
  sessionId: string
  role: Role
  /** Null for a verified mailbox. */
  graceEndsAt: number | null
  account: TestAccount
}

/** One span of GET /v1/access-state. */
interface SpanBody {
  from: string
  until: string | null
  plan: string
  source: string | null
  reason: string | null
  opens: string[]
  features: string[]
  missing: Record<string, string | null>
  limits: Record<string, { per: string | null; amount: number | null }>
}

/** What an account may do from an instant on, one span after another. */
export function spansOf(account: TestAccount, catalogue: Catalogue, at: number): [SpanBody, ...SpanBody[]] {
  const { story, since, plan } = account
  const { grant, reason } = story
  const ends = grant?.days == null ? null : since + grant.days * DAY_MS
  const onFree = (from: number) =>
    spanOn(account, catalogue, planNamed(catalogue, 'free'), {
      from: instant(from),
      until: null,
      source: null,
      reason,
    })
  if (!grant || (ends !== null && ends <= at)) return [onFree(at)]
  const granted = spanOn(account, catalogue, planNamed(catalogue, plan), {
    from: instant(at),
    until: ends === null ? null : instant(ends),
    source: grant.source,
    reason: null,
  })
  return ends === null ? [granted] : [granted, onFree(ends)]
}

/** The claims of a token that is signed now, but for those that every token has. */
export function claimsOf(person: TestPerson, catalogue: Catalogue, at: number): Omit<Claims, 'exp'> {
  const { userId, sessionId, role, graceEndsAt, account } = person
  const common = {
    sub: userId,
    sid: sessionId,
    account_id: account.id,
    email_verified: graceEndsAt === null,
    verification_grace_ends_at: graceEndsAt === null ? null : instant(graceEndsAt),
  }
  if (account.story.lacksSecondFactor) return { ...common, role: null, ent: null, needs_second_factor: true }
  const [{ plan, source, until, reason, opens, features }] = spansOf(account, catalogue, at)
  return { ...common, role, ent: { plan, source, until, reason, opens, features } as Claims['ent'] }
}

/** RFC 3339. */
export const instant = (at: number): string => new Date(at).toISOString()

function spanOn(
  { own }: TestAccount,
  catalogue: Catalogue,
  plan: CataloguePlan,
  rest: Pick<SpanBody, 'from' | 'until' | 'source' | 'reason'>,
): SpanBody {
  const names = Object.keys(catalogue.features)
  const isOn = (candidate: CataloguePlan, name: string) =>
    hasFeature(catalogue, candidate, name, own.features[name])
  const opensFeature = (name: string) =>
    catalogue.plans.find((candidate) => candidate.public !== false && isOn(candidate, name))
  return {
    ...rest,
    plan: plan.plan,
    opens: plansUpTo(catalogue, plan.plan),
    features: names.filter((name) => isOn(plan, name)),
    missing: Object.fromEntries(
      names.filter((name) => !isOn(plan, name)).map((name) => [name, opensFeature(name)?.plan ?? null]),
    ),
    limits: limitsOf(catalogue, plan, own.limits),
  }
}
