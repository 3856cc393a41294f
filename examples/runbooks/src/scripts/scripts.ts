import type { Caller } from '@frontgate/client/guards'
import type { Queryable } from '../database.ts'
import { Problem } from '../problem.ts'
import { parametersOf } from './rules.ts'

interface Row {
  id: string
  name: string
  body: string
  saved_at: Date
}

/** The scripts of an account by name, with their parameters. */
export async function listScripts(db: Queryable, accountId: string) {
  const { rows } = await db.query<Row>(
    'select id, name, body, saved_at from scripts where account_id = $1 order by lower(name), id',
    [accountId],
  )
  return rows.map(describe)
}

/** One script with its parameters. */
export async function getScript(db: Queryable, accountId: string, id: string) {
  const { rows } = await db.query<Row>(
    'select id, name, body, saved_at from scripts where account_id = $1 and id = $2',
    [accountId, id],
  )
  return describe(rows[0] ?? refuseUnknown())
}

/** Makes a script. */
export async function createScript(
  db: Queryable,
  { accountId, userId }: Caller,
  { name, body }: { name: string; body: string },
) {
  const { rows } = await db.query<Row>(
    'insert into scripts (account_id, name, body, saved_by) values ($1, $2, $3, $4) returning id, name, body, saved_at',
    [accountId, name, body, userId],
  )
  return describe(rows[0] as Row)
}

/** Replaces what a script says. */
export async function saveScript(
  db: Queryable,
  { accountId, userId }: Caller,
  id: string,
  { name, body }: { name: string; body: string },
) {
  const { rows } = await db.query<Row>(
    `update scripts set name = $3, body = $4, saved_by = $5, saved_at = now() where account_id = $1 and id = $2
     returning id, name, body, saved_at`,
    [accountId, id, name, body, userId],
  )
  return describe(rows[0] ?? refuseUnknown())
}

function describe(row: Row) {
  return { ...row, parameters: parametersOf(row.body) }
}

function refuseUnknown(): never {
  throw new Problem('not-found', 'There is no such script.')
}
