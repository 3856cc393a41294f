import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { importAccounts, renameImportedAccounts } from '../accounts/importAccounts.ts'
import { importMembers } from '../accounts/members/importMembers.ts'
import type { App } from '../app.ts'
import { type AuditEntry, auditAll } from '../audit/audit.ts'
import { importCustomers } from '../billing/importCustomers.ts'
import { inTx, type Tx, together } from '../db/transaction.ts'
import { importTrials } from '../entitlements/importTrials.ts'
import { systemCaller } from '../http/actor.ts'
import { changeImportedUsers, importUsers } from '../identity/importUsers.ts'
import { leaveOutUnchanged, loadFacts } from './loadFacts.ts'
import {
  decideLine,
  emptyFacts,
  emptyPlan,
  type Facts,
  type Followed,
  type Line,
  type Plan,
  type Verdict,
} from './rules.ts'

/** Any number that nothing else locks. */
export const IMPORTS_LOCK = 4_100_019

/** What became of each line, in their order. */
export type Outcome = [line: Line, verdict: Verdict][]

/**
 * Follows lines in one commit. A line that the database refuses takes none of the others with it: the halves of the batch are
 * tried apart, down to that line alone.
 */
export async function importBatch(app: App, lines: Line[], at: Date): Promise<Outcome> {
  try {
    return await importTogether(app, lines, at)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const [only, ...others] = lines
    if (only && others.length === 0) return [[only, { reason: sayRefusal(error) }]]
    const half = lines.length >> 1
    const first = await importBatch(app, lines.slice(0, half), at)
    return [...first, ...(await importBatch(app, lines.slice(half), at))]
  }
}

/** What would become of lines, with nothing written. `facts` are those that the lines before have left, and are added to. */
export async function tryBatch(app: App, lines: Line[], facts: Facts, at: Date): Promise<Outcome> {
  await together(app, async (db) => {
    const rest = await leaveOutUnchanged(db, lines, facts)
    if (rest.length > 0) await loadFacts(db, rest, facts, { isLocked: false })
  })
  const plan = emptyPlan()
  // Ids that nothing else has and that are short, since all of them are remembered.
  const newId = () => `${facts.digests.size}`
  return lines.map((line) => [line, decideLine(line, { facts, plan, newId, at })])
}

function importTogether(app: App, lines: Line[], at: Date): Promise<Outcome> {
  return inTx(app, async (tx) => {
    const facts = emptyFacts(whatIsOn(app))
    const [, rest] = await Promise.all([takeTurn(tx), leaveOutUnchanged(tx, lines, facts)])
    if (rest.length > 0) await loadFacts(tx, rest, facts, { isLocked: true })
    const plan = emptyPlan()
    const outcome: Outcome = lines.map((line) => [line, decideLine(line, { facts, plan, newId: uuidv7, at })])
    if (plan.followed.length > 0) await write(tx, app, plan, at)
    return outcome
  })
}

/** What the settings allow lines to ask for. */
export const whatIsOn = ({ stripe, config }: Pick<App, 'stripe' | 'config'>) => ({
  isStripeOn: stripe !== null,
  areTrialsOn: config.trialDays > 0,
})

/** Of several imports one writes at a time, so that each sees what the others have made. */
async function takeTurn(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${IMPORTS_LOCK})`.execute(tx)
}

async function write(tx: Tx, app: App, plan: Plan, at: Date): Promise<void> {
  await Promise.all([
    importAccounts(tx, plan.newAccounts, at),
    renameImportedAccounts(tx, plan.renamedAccounts, at),
    importUsers(tx, plan.newUsers),
    changeImportedUsers(tx, plan.changedUsers, at),
    importMembers(tx, plan.newMembers),
    importTrials(tx, app.config, plan.trials, at),
    importCustomers(tx, app, plan.newCustomers, at),
    noteFollowed(tx, plan.followed, at),
    auditAll(tx, systemCaller, entriesOf(plan), at),
  ])
}

async function noteFollowed(tx: Tx, followed: Followed[], at: Date): Promise<void> {
  await sql`
    insert into imported (kind, external_id, user_id, account_id, digest, imported_at)
    select kind, external_id, user_id, account_id, digest, ${at} from unnest(
      ${followed.map(({ kind }) => kind)}::text[], ${followed.map(({ externalId }) => externalId)}::text[],
      ${followed.map(({ userId }) => userId)}::uuid[], ${followed.map(({ accountId }) => accountId)}::uuid[],
      ${followed.map(({ digest }) => digest)}::text[]
    ) as n(kind, external_id, user_id, account_id, digest)
    on conflict (kind, external_id) do update set digest = excluded.digest, imported_at = excluded.imported_at`.execute(
    tx,
  )
}

/** A line of the trail for everybody and everything: a user's names the account that they are in. */
function entriesOf({ followed, newMembers, newUsers }: Plan): AuditEntry[] {
  const added = new Set(newUsers.map(({ id }) => id))
  const joined = newMembers.map(({ accountId, userId, role }) => ({
    action: added.has(userId) ? 'user.imported' : 'member.imported',
    accountId,
    userId,
    details: { role },
  }))
  const told = new Set(newMembers.map(({ userId }) => userId))
  const others = followed
    .filter(({ kind, userId }) => kind !== 'member' && !(kind === 'user' && told.has(userId ?? '')))
    .map(({ kind, userId, accountId, isNew }) => ({
      action: `${kind}.imported`,
      accountId,
      userId,
      details: isNew ? {} : { again: true },
    }))
  return [...joined, ...others]
}

const codeOf = (error: unknown) => String((error as { code?: unknown } | null)?.code ?? '')

/** Whether the database took exception to what was to be written, rather than being away or overloaded. */
const isRefusal = (error: unknown) => /^2[23]\w{3}$/.test(codeOf(error))

function sayRefusal(error: unknown): string {
  const { constraint } = error as { constraint?: string }
  const where = constraint ? ` (${constraint})` : ''
  return `the database refuses it${where}: somebody may have come at the same time, so run this again`
}
