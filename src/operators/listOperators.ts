import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** A page of those who are operators now, the newest first. Who reads it is noted in the trail. */
export async function listOperators(
  tx: Tx,
  caller: Caller<OperatorActor>,
  page: { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(page)
  let query = currentOperators(tx)
  if (after) {
    query = query.where((e) => e(e.refTuple('o.created_at', 'o.id'), '<', e.tuple(after.at, after.id)))
  }
  const [rows] = await Promise.all([
    query
      .orderBy('o.created_at', 'desc')
      .orderBy('o.id', 'desc')
      .limit(limit + 1)
      .execute(),
    audit(tx, caller, { action: 'operator.read-operators' }, at),
  ])
  return pageFrom(rows, limit, ({ created_at, id }) => ({ at: created_at, id }), describeOperator)
}

/** One of them, as lists show them; null where there is none with this id. */
export async function getOperator(db: Db, id: string) {
  const row = await currentOperators(db).where('o.id', '=', id).executeTakeFirst()
  return row ? describeOperator(row) : null
}

/** All of them, the oldest first. */
export async function allOperators(db: Db) {
  const rows = await currentOperators(db).orderBy('o.created_at').orderBy('o.id').execute()
  return rows.map(describeOperator)
}

function currentOperators(db: Db) {
  return db
    .selectFrom('operators as o')
    .select(['o.id', 'o.email', 'o.role', 'o.created_at'])
    .select((e) =>
      e
        .selectFrom('operator_sessions as s')
        .select(sql<Date | null>`max(s.created_at)`.as('at'))
        .whereRef('s.operator_id', '=', 'o.id')
        .as('last_signed_in_at'),
    )
    .select(
      sql<boolean>`(exists (select from factor_totp f where f.operator_id = o.id and f.confirmed_at is not null)
        or exists (select from factor_passkeys f where f.operator_id = o.id))`.as('second_factor'),
    )
    .where('o.disabled_at', 'is', null)
}

interface OperatorRow {
  id: string
  email: string
  role: string
  created_at: Date
  second_factor: boolean
  last_signed_in_at: Date | null
}

function describeOperator({ created_at, last_signed_in_at, ...operator }: OperatorRow) {
  return {
    ...operator,
    created_at: created_at.toISOString(),
    last_signed_in_at: last_signed_in_at?.toISOString() ?? null,
  }
}
