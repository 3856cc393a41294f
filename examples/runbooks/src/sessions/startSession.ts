import type { Caller } from '@frontgate/client/guards'
import type { Tx } from '../database.ts'
import { getTree } from '../trees/trees.ts'

/** Begins to walk a tree as it is now. */
export async function startSession(
  tx: Tx,
  { accountId, userId }: Caller,
  { tree_id, person }: { tree_id: string; person: string },
): Promise<string> {
  const { version } = await getTree(tx, accountId, tree_id)
  const { rows } = await tx.query<{ id: string }>(
    `insert into sessions (account_id, tree_id, tree_version, person, started_by) values ($1, $2, $3, $4, $5) returning id`,
    [accountId, tree_id, version, person, userId],
  )
  return (rows[0] as { id: string }).id
}
