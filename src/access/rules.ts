import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Config } from '../config.ts'
import type { AccountFacts } from '../entitlements/facts.ts'
import { decide, featuresOn, plansUpTo } from '../entitlements/rules.ts'
import { type Role, roles } from '../http/actor.ts'
import type { EntitlementClaim } from './accessTokens.ts'
import type { SessionFacts, Snapshot, UserFacts } from './snapshot.ts'

const DAY = 86_400_000

/** When an unverified user stops passing guards; null for a verified one. */
export function graceEndOf(
  { emailVerifiedAt, createdAt }: Pick<UserFacts, 'emailVerifiedAt' | 'createdAt'>,
  { verificationGraceDays }: Pick<Config, 'verificationGraceDays'>,
): Date | null {
  return emailVerifiedAt ? null : new Date(createdAt.getTime() + verificationGraceDays * DAY)
}

/** Whether the account asks its members for a second factor, and none has proved this session. */
export function lacksSecondFactor({ account, session }: Pick<Snapshot, 'account' | 'session'>): boolean {
  return account?.requiresSecondFactor === true && session.factor === null
}

/**
 * How somebody proved who they are, in the words of RFC 8176. A link in a mail and a provider have none there; a passkey is
 * the key in software that it may be, since nothing attests to more.
 */
export function amrOf({ method, factor }: Pick<SessionFacts, 'method' | 'factor'>): string[] {
  const proofs = new Set([method, factor?.method].flatMap((proof) => amrByProof[proof ?? ''] ?? []))
  return factor === null ? [...proofs] : [...proofs, 'mfa']
}

const amrByProof: Record<string, string[]> = {
  password: ['pwd'],
  totp: ['otp'],
  'recovery-code': ['otp'],
  passkey: ['swk', 'user'],
}

/** Tokens travel with every request, and proxies bound how long headers may be. */
const LONGEST_NAMES = 1_000

/** What an access token says of an account: what it may do at `at`, and until when that holds. */
export function entitlementClaim(facts: AccountFacts, catalogue: Catalogue, at: Date): EntitlementClaim {
  const decision = decide(facts, catalogue, at)
  const { plan } = decision
  const names = {
    opens: plansUpTo(plan, catalogue),
    features: featuresOn(facts, plan, catalogue, at),
  }
  return {
    plan: plan.plan,
    source: decision.kind === 'granted' ? decision.grant.source : null,
    until: (decision.kind === 'granted' && decision.grant.until?.toISOString()) || null,
    reason: decision.kind === 'free' ? decision.reason : null,
    ...(JSON.stringify(names).length <= LONGEST_NAMES && names),
  }
}

/** What a guard asks for. */
export interface Requirement {
  /** This role, or a higher one. */
  role?: Role
  plan?: string
  features: string[]
}

/** Reads `plan:pro` and the like; null for what no guard knows, two plans among it. */
export function readRequirement(require: string[], features: string[]): Requirement | null {
  const requirement: Requirement = { features }
  for (const part of require) {
    const [kind, name] = part.split(':')
    if (kind !== 'plan' || !name || requirement.plan) return null
    requirement.plan = name
  }
  return requirement
}

/** Reads a query that is written as the guides show it; null for any other, which the router takes apart. */
export function readPlainQuery(query: string): Requirement | null {
  const require: string[] = []
  const features: string[] = []
  let role: Role | undefined
  let isRefusing = false
  for (const part of query === '' ? [] : query.split('&')) {
    const [, name, value] = /^(require|feature|role)=((?:plan:)?[a-z][a-z0-9_]*)$/.exec(part) ?? []
    if (name === 'require' && value) require.push(value)
    else if (name === 'feature' && value && !value.includes(':')) features.push(value)
    else if (name === 'role' && !role && isRole(value)) role = value
    // How refusals are told says nothing about what passes.
    else if (part === 'refuse=403' && !isRefusing) isRefusing = true
    else return null
  }
  const requirement = readRequirement(require, features)
  return requirement && role ? { ...requirement, role } : requirement
}

const isRole = (name: string | undefined): name is Role => roles.some((role) => role === name)

/** What in a requirement the catalogue does not have, as a fault of the request; null when it has everything. */
export function whyUnknown(
  { plan, features }: Requirement,
  catalogue: Pick<Catalogue, 'plans' | 'features'>,
): { pointer: string; detail: string } | null {
  if (plan !== undefined && !catalogue.plans.some((known) => known.plan === plan)) {
    return { pointer: '#/query/require', detail: `There is no plan ${plan}.` }
  }
  const feature = features.find((name) => !catalogue.features.some((known) => known.name === name))
  return feature === undefined
    ? null
    : { pointer: '#/query/feature', detail: `There is no feature ${feature}.` }
}
