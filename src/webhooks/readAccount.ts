import { readFacts } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import { shownStatus } from '../billing/billingState.ts'
import { type Catalogue, Catalogues, loadCatalogue } from '../catalogue/catalogue.ts'
import type { Db } from '../db/database.ts'
import type { AccountFacts } from '../entitlements/facts.ts'
import { decide, resolveFeatures, resolveLimits } from '../entitlements/rules.ts'
import type { Role } from '../http/actor.ts'
import type { Entitlements } from './events.ts'
import { type Known, nextChangeOf } from './rules.ts'

/** An account as it is at `at`, and when time alone will change what it may do. */
export interface AccountNow {
  known: Known
  nextChangeAt: Date | null
}

/** One for each app: the catalogue is read once per version. */
const cataloguesOf = new WeakMap<App, Catalogues>()

/** Fetches the catalogue of today, so that reading accounts need not. */
export async function warmCatalogue(app: App): Promise<Catalogues> {
  const catalogues = cataloguesOf.get(app) ?? new Catalogues(app.db)
  cataloguesOf.set(app, catalogues)
  await catalogues.current()
  return catalogues
}

/** Reads what endpoints are told of an account; null when it is deleted, or there is none. */
export async function readAccount(
  db: Db,
  catalogues: Catalogues,
  accountId: string,
  at: Date,
): Promise<AccountNow | null> {
  const [account, members, facts] = await Promise.all([
    db
      .selectFrom('accounts')
      .select(['name', 'created_at as createdAt', 'closed_at as closedAt'])
      .where('id', '=', accountId)
      .where('purged_at', 'is', null)
      .executeTakeFirst(),
    db
      .selectFrom('members')
      .select(['user_id', 'role'])
      .where('account_id', '=', accountId)
      .orderBy('user_id')
      .execute(),
    readFacts(db, accountId),
  ])
  if (!account) return null
  const catalogue = catalogues.remembered(facts.catalogueVersion) ?? (await loadCatalogue(db))
  return {
    known: {
      ...account,
      members: Object.fromEntries(members.map(({ user_id, role }) => [user_id, role as Role])),
      entitlements: entitlementsOf(facts, catalogue, at),
    },
    nextChangeAt: nextChangeOf(facts, at),
  }
}

/** What the facts entitle to, with all names in order: compared as text. */
function entitlementsOf(facts: AccountFacts, catalogue: Catalogue, at: Date): Entitlements {
  const decision = decide(facts, catalogue, at)
  const grant = decision.kind === 'granted' ? decision.grant : null
  const limits = Object.entries(resolveLimits(facts, decision.plan, catalogue, at))
  return {
    plan: decision.plan.plan,
    reason: decision.kind === 'granted' ? decision.grant.source : decision.reason,
    source: grant?.source ?? null,
    status: shownStatus(facts, at),
    until: grant?.until?.toISOString() ?? null,
    features: inOrder(Object.entries(resolveFeatures(facts, decision.plan, catalogue, at))),
    limits: inOrder(limits.map(([name, { per, amount }]) => [name, { per, limit: amount }])),
  }
}

function inOrder<V>(entries: [string, V][]): Record<string, V> {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
