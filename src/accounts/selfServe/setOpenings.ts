import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Caller, OperatorActor } from '../../http/actor.ts'
import { normaliseAddress } from '../../mail/addresses.ts'
import { problem } from '../../problems.ts'
import type { Openings } from './rules.ts'

/** Says who may create accounts while strangers may not, in place of what was said before. It holds from the next request on. */
export async function setOpenings(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { domains, share, reason }: Openings & { reason: string },
  at: Date,
): Promise<Openings> {
  const set = { domains: [...new Set(domains.map(domainAt))].sort(), share }
  const row = { ...set, set_at: at, set_by: caller.actor.operatorId }
  await Promise.all([
    tx
      .insertInto('self_serve_openings')
      .values(row)
      .onConflict((conflict) => conflict.column('is_only').doUpdateSet(row))
      .execute(),
    audit(tx, caller, { action: 'self-serve.set', details: { ...set, reason } }, at),
  ])
  return set
}

/** A domain as it stands behind the @ of a stored address. */
function domainAt(typed: string, i: number): string {
  const domain = normaliseAddress(`x@${typed.trim()}`)?.slice('x@'.length)
  if (domain !== undefined) return domain
  const detail = 'is not the domain of an e-mail address, such as customer.example'
  throw problem('invalid-request', { errors: [{ pointer: `#/domains/${i}`, detail }] })
}
