import type { Caller } from '@frontgate/client/guards'
import type { Tx } from '../database.ts'
import { Problem } from '../problem.ts'
import { refuseBrokenTree } from './refuseBrokenTree.ts'
import type { TreeChange } from './shapes.ts'
import { addVersion } from './trees.ts'

/** Saves a tree as its next version. Sessions go on with the version that they began with. */
export async function saveTree(tx: Tx, caller: Caller, id: string, change: TreeChange): Promise<void> {
  refuseBrokenTree(change)
  const { rows } = await tx.query<{ version: number }>(
    'select version from trees where account_id = $1 and id = $2 and removed_at is null for update',
    [caller.accountId, id],
  )
  if (!rows[0]) throw new Problem('not-found', 'There is no such tree.')
  if (rows[0].version !== change.version) {
    const members = { version: rows[0].version }
    throw new Problem(
      'version-outdated',
      `It is at version ${rows[0].version} by now. Read it again.`,
      members,
    )
  }
  const version = change.version + 1
  await addVersion(tx, caller, { id, version, name: change.name, nodes: change.nodes })
  await tx.query('update trees set version = $3 where account_id = $1 and id = $2', [
    caller.accountId,
    id,
    version,
  ])
}

/** Takes a tree out of the list and out of the count. Sessions keep what they walked. */
export async function removeTree(tx: Tx, caller: Caller, id: string): Promise<void> {
  const { rowCount } = await tx.query(
    'update trees set removed_at = now() where account_id = $1 and id = $2 and removed_at is null',
    [caller.accountId, id],
  )
  if (rowCount === 0) throw new Problem('not-found', 'There is no such tree.')
}
