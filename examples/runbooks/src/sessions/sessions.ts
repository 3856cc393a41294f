import type { Queryable } from '../database.ts'
import { Problem } from '../problem.ts'
import { getTree } from '../trees/trees.ts'
import { type Step, walk } from './rules.ts'

export const outcomes = ['solved', 'handed-over', 'given-up'] as const
export type Outcome = (typeof outcomes)[number]

interface Row {
  id: string
  tree_id: string
  tree_version: number
  person: string
  started_at: Date
  ended_at: Date | null
  outcome: Outcome | null
  summary: string
}

const PAGE = 25
const columns = 's.id, s.tree_id, s.tree_version, s.person, s.started_at, s.ended_at, s.outcome, s.summary'

/** Past and running sessions, the newest first; with words to search for, those that have all of them somewhere. */
export async function listSessions(
  db: Queryable,
  accountId: string,
  { query = '', before }: { query?: string | undefined; before?: string | undefined },
) {
  const words = query
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`)
  const { rows } = await db.query<Row & { tree_name: string }>(
    `select ${columns}, v.name as tree_name
     from sessions s join tree_versions v on (v.account_id, v.tree_id, v.version) = (s.account_id, s.tree_id, s.tree_version)
     where s.account_id = $1
       and concat_ws(' ', s.person, s.summary, s.outcome, v.name,
         (select string_agg(text, ' ') from session_steps t where (t.account_id, t.session_id) = (s.account_id, s.id)))
         ilike all($2)
       and ($3::uuid is null or (s.started_at, s.id) <
         (select b.started_at, b.id from sessions b where b.account_id = $1 and b.id = $3))
     order by s.started_at desc, s.id desc
     limit $4`,
    [accountId, words, before ?? null, PAGE + 1],
  )
  const data = rows.slice(0, PAGE)
  return { data, next: rows.length > PAGE ? (data.at(-1)?.id ?? null) : null }
}

/** One session: the tree as it was when it began, what was done, and where it is. */
export async function getSession(db: Queryable, accountId: string, id: string) {
  const session = await getRow(db, accountId, id)
  const { name, nodes } = await getTree(db, accountId, session.tree_id, session.tree_version)
  const steps = await stepsOf(db, accountId, id)
  const { path, current } = walk(nodes, steps)
  return { ...session, tree_name: name, nodes, steps, path, current }
}

/** The row of a session; with `lock`, nobody else takes a step in it until the transaction ends. */
export async function getRow(
  db: Queryable,
  accountId: string,
  id: string,
  { lock = false } = {},
): Promise<Row> {
  const { rows } = await db.query<Row>(
    `select ${columns} from sessions s where s.account_id = $1 and s.id = $2${lock ? ' for update' : ''}`,
    [accountId, id],
  )
  if (!rows[0]) throw new Problem('not-found', 'There is no such session.')
  return rows[0]
}

/** Everything that was done in a session, in order. */
export async function stepsOf(
  db: Queryable,
  accountId: string,
  id: string,
): Promise<(Step & { taken_at: Date })[]> {
  const { rows } = await db.query<Step & { taken_at: Date }>(
    `select kind, node_id, text, taken_at from session_steps
     where account_id = $1 and session_id = $2 order by position`,
    [accountId, id],
  )
  return rows
}
