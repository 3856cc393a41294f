import type { Caller } from '@frontgate/client/guards'
import type { Tx } from '../database.ts'
import { Problem } from '../problem.ts'
import { getTree } from '../trees/trees.ts'
import { type Step, take, walk } from './rules.ts'
import { getRow, type Outcome, stepsOf } from './sessions.ts'

/** Records a step of a session that goes on. Two at once follow each other, and the later one may find itself too late. */
export async function takeStep(tx: Tx, caller: Caller, id: string, step: Step): Promise<void> {
  const { accountId, userId } = caller
  const { tree_id, tree_version } = await getRunning(tx, accountId, id)
  const { nodes } = await getTree(tx, accountId, tree_id, tree_version)
  const steps = await stepsOf(tx, accountId, id)
  const taken = take(nodes, walk(nodes, steps), step)
  if (taken.kind === 'impossible') throw new Problem('step-not-possible', taken.detail)
  await tx.query(
    `insert into session_steps (account_id, session_id, position, kind, node_id, text, taken_by)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [accountId, id, steps.length + 1, step.kind, step.node_id, step.text, userId],
  )
}

/** Ends a session with what came of it. */
export async function endSession(
  tx: Tx,
  { accountId }: Caller,
  id: string,
  { outcome, summary }: { outcome: Outcome; summary: string },
): Promise<void> {
  await getRunning(tx, accountId, id)
  await tx.query(
    'update sessions set ended_at = now(), outcome = $3, summary = $4 where account_id = $1 and id = $2',
    [accountId, id, outcome, summary],
  )
}

async function getRunning(tx: Tx, accountId: string, id: string) {
  const session = await getRow(tx, accountId, id, { lock: true })
  if (session.ended_at) throw new Problem('session-ended', 'Nothing can be added to it any more.')
  return session
}
