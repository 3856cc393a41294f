import type { Queryable } from '../database.ts'
import { getSession } from '../sessions/sessions.ts'
import { allTrees } from '../trees/trees.ts'
import { answersAsCandidates, rank, treeAsCandidate } from './rules.ts'

const MOST_TREES = 3

/** What the words of a session, those just typed with them, suggest: an answer to give next, and trees to walk instead. */
export async function suggest(
  db: Queryable,
  accountId: string,
  { words, session_id }: { words: string; session_id?: string | undefined },
) {
  const trees = await allTrees(db, accountId)
  const treesFor = (said: string, except?: string) =>
    rank(said, trees.filter(({ id }) => id !== except).map(treeAsCandidate))
      .slice(0, MOST_TREES)
      .map((ranked) => ({ ...ranked, name: trees.find(({ id }) => id === ranked.id)?.name ?? '' }))
  if (session_id === undefined) return { next: [], trees: treesFor(words) }
  const { nodes, current, steps, tree_id } = await getSession(db, accountId, session_id)
  const notes = steps.filter(({ kind }) => kind === 'note').map(({ text }) => text)
  const said = [...notes, words].join(' ')
  const next = rank(said, answersAsCandidates(current, nodes)).map(({ id, ...ranked }) => ({
    answer: id,
    ...ranked,
  }))
  return { next, trees: treesFor(said, tree_id) }
}
