import type { Caller } from '@frontgate/client/guards'
import type { Tx } from '../database.ts'
import { refuseBrokenTree } from './refuseBrokenTree.ts'
import type { Tree } from './rules.ts'
import { addVersion, countTrees } from './trees.ts'

/** What became of it: there are more trees by now than the guard had judged, or it is made. */
export type Created = { kind: 'overtaken'; kept: number } | { kind: 'created'; id: string }

/**
 * Makes a tree, unless the account has more than `judged` of them, the number for which the guard has said that one more
 * may be made. Creations of one account wait for each other here, so parallel ones cannot pass the limit together.
 */
export async function createTree(tx: Tx, caller: Caller, tree: Tree, judged: number): Promise<Created> {
  refuseBrokenTree(tree)
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`trees ${caller.accountId}`])
  const kept = await countTrees(tx, caller.accountId)
  if (kept > judged) return { kind: 'overtaken', kept }
  const { rows } = await tx.query<{ id: string }>(
    'insert into trees (account_id, version, created_by) values ($1, 1, $2) returning id',
    [caller.accountId, caller.userId],
  )
  const id = (rows[0] as { id: string }).id
  await addVersion(tx, caller, { id, version: 1, ...tree })
  return { kind: 'created', id }
}
