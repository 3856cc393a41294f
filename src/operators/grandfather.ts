import { sql } from 'kysely'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { loadCatalogue } from '../catalogue/catalogue.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { giveGrantOnce } from '../entitlements/giveGrant.ts'
import { FREE } from '../entitlements/rules.ts'
import { systemCaller } from '../http/actor.ts'

/** Who is to keep which plan, and for how long; `until` null is for good. */
export interface Grandfathering {
  before: Date
  plan: string
  until: Date | null
  reason: string
}

/** How many accounts each thing was done to. */
export interface Tally {
  given: number
  had: number
  /** Their subscription is canceled or past due, and nothing else is live: they chose to go, or failed to pay. */
  left: number
  closed: number
}

const BATCH = 500

/**
 * Gives every account that was created before an instant complimentary access to a plan, once per account and plan,
 * however often and in however many processes it runs. Each batch is a commit, after which `onProgress` is told.
 * With `dryRun` nothing is given, only counted.
 */
export async function grandfather(
  app: App,
  order: Grandfathering,
  { dryRun = false, onProgress }: { dryRun?: boolean; onProgress?: (tally: Tally) => void } = {},
): Promise<Tally> {
  const at = app.now()
  await refuseOdd(app, order, at)
  const tally: Tally = { given: 0, had: 0, left: 0, closed: 0 }
  let last: string | null = null
  do {
    const batch = await inTx(app, (tx) => giveBatch(tx, order, { after: last, dryRun }, at))
    for (const { became } of batch) tally[became]++
    if (batch.length > 0) onProgress?.(tally)
    last = batch.length < BATCH ? null : (batch.at(-1)?.id ?? null)
  } while (last !== null)
  return tally
}

async function refuseOdd(app: App, { plan, until }: Grandfathering, at: Date): Promise<void> {
  const { plans } = await loadCatalogue(app.db)
  const others = plans.map((known) => known.plan).filter((known) => known !== FREE)
  const offer = `Name one of ${others.join(', ')}.`
  if (plan === FREE) throw new Error(`Everybody has ${FREE} already. ${offer}`)
  if (!others.includes(plan)) throw new Error(`The catalogue has no plan ${plan}. ${offer}`)
  if (until && until <= at) throw new Error(`The end ${until.toISOString()} has gone by.`)
}

interface Candidate {
  id: string
  standing: 'due' | Exclude<keyof Tally, 'given'>
}

async function giveBatch(
  tx: Tx,
  order: Grandfathering,
  { after, dryRun }: { after: string | null; dryRun: boolean },
  at: Date,
): Promise<{ id: string; became: keyof Tally }[]> {
  const candidates = await nextCandidates(tx, order, after)
  return Promise.all(
    candidates.map(async ({ id, standing }) => {
      if (standing !== 'due') return { id, became: standing }
      const isGiven = dryRun || (await give(tx, order, id, at))
      return { id, became: isGiven ? 'given' : 'had' }
    }),
  )
}

/** Locked against closing, in one order, so that two processes do not wait for each other in a circle. */
async function nextCandidates(
  tx: Tx,
  { before, plan }: Grandfathering,
  after: string | null,
): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select a.id, case
      when exists (select from grants g where g.account_id = a.id and g.once_key = ${onceKey(plan)}) then 'had'
      when a.closed_at is not null then 'closed'
      when exists (select from subscriptions s
          where s.account_id = a.id and s.status in ('canceled', 'past_due'))
        and not exists (select from subscriptions s
          where s.account_id = a.id and s.is_live and s.status <> 'past_due') then 'left'
      else 'due' end as standing
    from accounts a
    where a.created_at < ${before} and (${after}::uuid is null or a.id > ${after})
    order by a.id limit ${BATCH}
    for share of a`.execute(tx)
  return rows
}

async function give(tx: Tx, order: Grandfathering, accountId: string, at: Date): Promise<boolean> {
  const { plan, until, reason } = order
  const grant = { accountId, source: 'complimentary', plan, from: at, until, reason } as const
  const id = await giveGrantOnce(tx, { ...grant, grantedBy: 'grandfather', onceKey: onceKey(plan) }, at)
  if (id === null) return false
  const details = {
    grant: id,
    source: grant.source,
    plan,
    until_before: null,
    until: until?.toISOString() ?? null,
    reason,
  }
  await audit(tx, systemCaller, { action: 'grant.given', accountId, details }, at)
  return true
}

const onceKey = (plan: string) => `grandfather ${plan}`
