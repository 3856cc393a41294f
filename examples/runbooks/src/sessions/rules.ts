import type { TreeNode } from '../trees/rules.ts'

/** Something done in a session: an answer given at a node, a step back from it, or a note taken there. */
export interface Step {
  kind: 'answer' | 'back' | 'note'
  node_id: string
  text: string
}

/** Where a session is, and the answers that led there. Steps back are undone in it, not in the record. */
export interface Walk {
  path: { node_id: string; answer: string }[]
  current: TreeNode
}

/** What becomes of a step that somebody wants to take. */
export type Taken = { kind: 'taken'; walk: Walk } | { kind: 'impossible'; detail: string }

/** Follows the steps of a session through its tree, from the root. */
export function walk(nodes: TreeNode[], steps: readonly Step[]): Walk {
  let here = begin(nodes)
  for (const step of steps) {
    const next = take(nodes, here, step)
    if (next.kind === 'impossible') throw new Error(`A recorded step does not fit its tree: ${next.detail}`)
    here = next.walk
  }
  return here
}

/** One step on. A step names the node that it is taken at, so that a second click finds itself too late. */
export function take(nodes: TreeNode[], { path, current }: Walk, step: Step): Taken {
  if (step.node_id !== current.id)
    return { kind: 'impossible', detail: 'The session is at another node by now.' }
  switch (step.kind) {
    case 'note':
      return { kind: 'taken', walk: { path, current } }
    case 'back': {
      const last = path.at(-1)
      if (!last) return { kind: 'impossible', detail: 'This is where the session began.' }
      return { kind: 'taken', walk: { path: path.slice(0, -1), current: find(nodes, last.node_id) } }
    }
    case 'answer': {
      const answers = current.kind === 'question' ? current.answers : []
      const answer = answers.find(({ text }) => text === step.text)
      if (!answer) return { kind: 'impossible', detail: 'The tree has no such answer here.' }
      const taken = { node_id: current.id, answer: answer.text }
      return { kind: 'taken', walk: { path: [...path, taken], current: find(nodes, answer.to) } }
    }
  }
}

function begin(nodes: TreeNode[]): Walk {
  const root = nodes[0]
  if (!root) throw new Error('A tree without nodes was saved.')
  return { path: [], current: root }
}

function find(nodes: TreeNode[], id: string): TreeNode {
  const found = nodes.find((node) => node.id === id)
  if (!found) throw new Error(`A tree was saved whose answer leads to ${id}, which it has not.`)
  return found
}
