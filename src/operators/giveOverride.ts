import { readFacts } from '../access/snapshot.ts'
import { audit } from '../audit/audit.ts'
import { holdCatalogue } from '../catalogue/applyCatalogue.ts'
import { type Catalogue, loadCatalogue } from '../catalogue/catalogue.ts'
import { namedLimits } from '../catalogue/rules.ts'
import type { Tx } from '../db/transaction.ts'
import {
  clearOverride,
  type Overridable,
  type Override,
  overridesOf,
  setOverride,
} from '../entitlements/overrides.ts'
import { decide, resolveFeatures, resolveLimits } from '../entitlements/rules.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { refuseOddEnd } from '../http/instants.ts'
import { problem } from '../problems.ts'

/** Which value of whom. */
export interface Overridden {
  kind: Overridable
  accountId: string
  name: string
}

/** What it is given, until when, and why. */
export type NewOverride = Pick<Override, 'value' | 'until' | 'reason'>

/**
 * Gives an account a feature or a limit of its own, whatever its plan has; a second one takes the place of the first.
 * An account that was purged gets none: nothing would ever delete it.
 */
export async function giveOverride(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { kind, accountId, name }: Overridden,
  order: NewOverride,
  at: Date,
): Promise<Override> {
  refuseOddEnd('#/until', order.until, at)
  const { before, isPurged } = await hold(tx, { kind, accountId, name })
  if (isPurged) throw problem('account-deleted')
  const after = { name, ...order, setBy: caller.actor.operatorId, setAt: at }
  await setOverride(tx, kind, accountId, after)
  const details = { [kind]: name, before: words(before), after: words(after), reason: order.reason }
  await audit(tx, caller, { action: `${kind}.set`, accountId, details }, at)
  return after
}

/** Takes it back, and returns what the account has now; nothing happens where there was nothing. */
export async function endOverride(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { kind, accountId, name }: Overridden,
  reason: string,
  at: Date,
): Promise<{ name: string; value: boolean | number | null }> {
  const { before, catalogue } = await hold(tx, { kind, accountId, name })
  if (before) {
    await clearOverride(tx, kind, accountId, name)
    const details = { [kind]: name, before: words(before), after: null, reason }
    await audit(tx, caller, { action: `${kind}.cleared`, accountId, details }, at)
  }
  const facts = await readFacts(tx, accountId)
  const { plan } = decide(facts, catalogue, at)
  const value =
    kind === 'feature'
      ? resolveFeatures(facts, plan, catalogue, at)[name] === true
      : (resolveLimits(facts, plan, catalogue, at)[name]?.amount ?? null)
  return { name, value }
}

/** An override in the words of the wire. */
export function describeOverride({ name, value, until, reason, setBy, setAt }: Override) {
  return {
    name,
    value,
    until: until?.toISOString() ?? null,
    reason,
    set_by: setBy,
    set_at: setAt.toISOString(),
  }
}

/** Holds the account and the name until the transaction is over; 404 where there is no such. */
async function hold(
  tx: Tx,
  { kind, accountId, name }: Overridden,
): Promise<{ before: Override | null; isPurged: boolean; catalogue: Catalogue }> {
  const account = tx
    .selectFrom('accounts')
    .select('purged_at')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  const [found] = await Promise.all([account, holdCatalogue(tx)])
  const [catalogue, all] = await Promise.all([loadCatalogue(tx), overridesOf(tx, kind, accountId)])
  if (!found || !isNamed(catalogue, kind, name)) throw problem('not-found')
  return {
    before: all.find((one) => one.name === name) ?? null,
    isPurged: found.purged_at !== null,
    catalogue,
  }
}

function isNamed(catalogue: Catalogue, kind: Overridable, name: string): boolean {
  return kind === 'feature'
    ? catalogue.features.some((feature) => feature.name === name)
    : namedLimits(catalogue).has(name)
}

const words = (one: Pick<Override, 'value' | 'until'> | null) =>
  one && { value: one.value, until: one.until?.toISOString() ?? null }
