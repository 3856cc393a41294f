import type { AccountFacts } from '../entitlements/facts.ts'
import type { Role } from '../http/actor.ts'
import type { Entitlements, News } from './events.ts'

/** What comes of an attempt: given up is one that failed and was the last. */
export const DELIVERY_OUTCOMES = ['delivered', 'failed', 'given-up'] as const

/** All that endpoints are told of an account. */
export interface Telling {
  name: string
  closedAt: Date | null
  members: Record<string, Role>
  /** Null where what it may do was never told, and is not known any more. */
  entitlements: Entitlements | null
}

/** An account as it is, and since when there is one. */
export interface Known extends Telling {
  entitlements: Entitlements
  createdAt: Date
}

/** What is to be told of an account: the difference from what was told, or all of it when that is nothing. */
export function newsOf(told: Telling | null, now: Known): News[] {
  return [
    ...ofAccount(told, now),
    ...ofMembers(told?.members ?? {}, now.members),
    ...ofEntitlements(told, now),
  ]
}

function ofAccount(told: Telling | null, { name, createdAt, closedAt }: Known): News[] {
  const news: News[] = []
  if (!told) news.push({ type: 'account.created', data: { name, created_at: createdAt.toISOString() } })
  if (told && told.name !== name) news.push({ type: 'account.updated', data: { name, old_name: told.name } })
  const toldClosed = told?.closedAt ?? null
  // One that was reopened and closed again meanwhile is told both.
  if (toldClosed && toldClosed.getTime() !== closedAt?.getTime())
    news.push({ type: 'account.reopened', data: {} })
  if (closedAt && toldClosed?.getTime() !== closedAt.getTime()) {
    news.push({ type: 'account.closed', data: { closed_at: closedAt.toISOString() } })
  }
  return news
}

function ofMembers(told: Record<string, Role>, now: Record<string, Role>): News[] {
  const news: News[] = []
  for (const [user_id, role] of Object.entries(now)) {
    const old_role = told[user_id]
    if (!old_role) news.push({ type: 'member.added', data: { user_id, role } })
    else if (old_role !== role) news.push({ type: 'member.role_changed', data: { user_id, role, old_role } })
  }
  for (const [user_id, old_role] of Object.entries(told)) {
    if (!now[user_id]) news.push({ type: 'member.removed', data: { user_id, old_role } })
  }
  return news
}

function ofEntitlements(told: Telling | null, now: Known): News[] {
  const old = told?.entitlements ?? null
  // The names in them are sorted, so that what is the same reads the same.
  if (JSON.stringify(old) === JSON.stringify(now.entitlements)) return []
  return [{ type: 'entitlements.changed', data: { old, new: now.entitlements } }]
}

/** The first instant after `at` at which the same facts entitle to something else; null when there is none. */
export function nextChangeOf(
  {
    grants,
    featureOverrides,
    limitOverrides,
  }: Pick<AccountFacts, 'grants' | 'featureOverrides' | 'limitOverrides'>,
  at: Date,
): Date | null {
  const instants = [
    ...grants.flatMap(({ from, until }) => [from, until]),
    ...featureOverrides.map(({ until }) => until),
    ...limitOverrides.map(({ until }) => until),
  ]
  const ahead = instants.flatMap((instant) => (instant && instant > at ? [instant.getTime()] : []))
  return ahead.length > 0 ? new Date(Math.min(...ahead)) : null
}

const MINUTE = 60
const HOUR = 60 * MINUTE

/** Seconds from one attempt to the next: three days in all. */
const waits = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR]
const LONGEST_WAIT = 24 * HOUR

/**
 * Seconds to wait after so many attempts, or longer where the endpoint asks for it; null when it is given up. `chance`,
 * from 0 to 1, spreads what failed together by a fifth.
 */
export function waitAfter(attempts: number, chance: number, askedSeconds = 0): number | null {
  const wait = waits[attempts - 1]
  if (wait === undefined) return null
  return Math.max(wait * (1 + chance / 5), Math.min(askedSeconds, LONGEST_WAIT))
}

/**
 * Whether there is a place for one more endpoint beside those that are delivered to, of each of which is said whether it
 * fails: half of the places for jobs are for endpoints, and half of these for such as fail.
 */
export function hasPlace(failing: boolean[], isFailing: boolean, workerConcurrency: number): boolean {
  const places = Math.max(1, Math.floor(workerConcurrency / 2))
  if (failing.length >= places) return false
  return !isFailing || failing.filter(Boolean).length < Math.max(1, Math.floor(places / 2))
}

const FAILS_FOR_MS = 5 * 86_400_000

/** Whether an endpoint to which nothing was delivered since then is disabled. */
export function hasFailedTooLong(failingSince: Date, at: Date): boolean {
  return at.getTime() - failingSince.getTime() >= FAILS_FOR_MS
}

const LOOPBACK = /^(localhost|(.+\.)?localhost|127(\.\d+){3}|\[::1\])$/

/** What is wrong with the URL of an endpoint; null when nothing is. */
export function whyNoUrl(text: string, publicUrl: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL'
  const { protocol, hostname, username, password } = new URL(text)
  if (username || password) return 'names a user or a password, which would be shown to whoever may read it'
  if (protocol === 'https:') return null
  if (protocol !== 'http:') return 'must begin with https://'
  if (LOOPBACK.test(hostname) || publicUrl.startsWith('http:')) return null
  return 'must begin with https://, unless it leads to this machine'
}
