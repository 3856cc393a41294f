import type { Queryable } from '../database.ts'
import { Problem } from '../problem.ts'
import type { Tree, TreeNode } from './rules.ts'

/** A tree as it is now. */
export interface KeptTree extends Tree {
  id: string
  version: number
  saved_at: Date
}

/** The trees of an account by name, without their nodes. */
export async function listTrees(db: Queryable, accountId: string) {
  const { rows } = await db.query<{
    id: string
    name: string
    version: number
    nodes: number
    saved_at: Date
  }>(
    `select t.id, v.name, t.version, jsonb_array_length(v.nodes) as nodes, v.saved_at
     from trees t join tree_versions v on (v.account_id, v.tree_id, v.version) = (t.account_id, t.id, t.version)
     where t.account_id = $1 and t.removed_at is null
     order by lower(v.name), t.id`,
    [accountId],
  )
  return rows
}

/** One tree with its nodes, as it is now or as it was in one of its versions; also one that was removed, by its version. */
export async function getTree(
  db: Queryable,
  accountId: string,
  id: string,
  version?: number,
): Promise<KeptTree> {
  const { rows } = await db.query<KeptTree>(
    `select t.id, v.name, v.version, v.nodes, v.saved_at
     from trees t join tree_versions v on (v.account_id, v.tree_id) = (t.account_id, t.id)
     where t.account_id = $1 and t.id = $2
       and case when $3::integer is null then v.version = t.version and t.removed_at is null else v.version = $3 end`,
    [accountId, id, version ?? null],
  )
  if (!rows[0]) throw new Problem('not-found', 'There is no such tree.')
  return rows[0]
}

/** All trees of an account with their nodes: what FlowPilot looks through. */
export async function allTrees(db: Queryable, accountId: string): Promise<KeptTree[]> {
  const { rows } = await db.query<KeptTree>(
    `select t.id, v.name, v.version, v.nodes, v.saved_at
     from trees t join tree_versions v on (v.account_id, v.tree_id, v.version) = (t.account_id, t.id, t.version)
     where t.account_id = $1 and t.removed_at is null`,
    [accountId],
  )
  return rows
}

/** How many trees an account keeps: what its limit `trees` counts. */
export async function countTrees(db: Queryable, accountId: string): Promise<number> {
  const { rows } = await db.query<{ kept: number }>(
    'select count(*)::integer as kept from trees where account_id = $1 and removed_at is null',
    [accountId],
  )
  return rows[0]?.kept ?? 0
}

/** A version as a row to be. */
export async function addVersion(
  db: Queryable,
  { accountId, userId }: { accountId: string; userId: string },
  { id, version, name, nodes }: { id: string; version: number; name: string; nodes: TreeNode[] },
): Promise<void> {
  await db.query(
    `insert into tree_versions (account_id, tree_id, version, name, nodes, saved_by) values ($1, $2, $3, $4, $5, $6)`,
    [accountId, id, version, name, JSON.stringify(nodes), userId],
  )
}
