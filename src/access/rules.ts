import type { Config } from '../config.ts'
import type { UserFacts } from './snapshot.ts'

const DAY = 86_400_000

/** When an unverified user stops passing guards; null for a verified one. */
export function graceEndOf(
  { emailVerifiedAt, createdAt }: Pick<UserFacts, 'emailVerifiedAt' | 'createdAt'>,
  { verificationGraceDays }: Pick<Config, 'verificationGraceDays'>,
): Date | null {
  return emailVerifiedAt ? null : new Date(createdAt.getTime() + verificationGraceDays * DAY)
}

/** What a guard asks for. */
export interface Requirement {
  plan?: string
  features: string[]
}

/** Reads `plan:pro` and the like; null for what no guard knows. */
export function readRequirement(require: string[], features: string[]): Requirement | null {
  const requirement: Requirement = { features }
  for (const part of require) {
    const [kind, name] = part.split(':')
    if (kind !== 'plan' || !name || requirement.plan) return null
    requirement.plan = name
  }
  return requirement
}
