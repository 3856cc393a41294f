import type { Tree, TreeNode } from '../src/trees/rules.ts'

let handed: Tree | null = null

/** Hands a draft to the editor that is opened next. */
export function handOver(draft: Tree): void {
  handed = draft
}

/** The draft that was handed over, once. */
export function takeDraft(): Tree | null {
  const draft = handed
  handed = null
  return draft
}

/** What a new tree begins with: a question with two outcomes, which is whole. */
export function firstDraft(): Tree {
  return {
    name: '',
    nodes: [
      {
        id: 'start',
        kind: 'question',
        text: '',
        answers: [
          { text: 'Yes', to: 'solved' },
          { text: 'No', to: 'hand-over' },
        ],
      },
      { id: 'solved', kind: 'outcome', text: 'Solved' },
      { id: 'hand-over', kind: 'outcome', text: 'Hand it over' },
    ],
  }
}

/** The tree with this node in the place of the one with its id. */
export function withNode(tree: Tree, node: TreeNode): Tree {
  return { ...tree, nodes: tree.nodes.map((each) => (each.id === node.id ? node : each)) }
}

/** The tree with one more node, and the id that it got. */
export function withNewNode(tree: Tree, kind: TreeNode['kind']): { tree: Tree; id: string } {
  const isFree = (id: string) => !tree.nodes.some((node) => node.id === id)
  let i = tree.nodes.length + 1
  while (!isFree(`n${i}`)) i++
  const id = `n${i}`
  const node: TreeNode =
    kind === 'outcome' ? { id, kind, text: '' } : { id, kind, text: '', answers: [{ text: 'Yes', to: '' }] }
  return { tree: { ...tree, nodes: [...tree.nodes, node] }, id }
}

/** The tree without a node; answers that led to it lead nowhere until somebody says where. */
export function withoutNode(tree: Tree, id: string): Tree {
  const nodes = tree.nodes
    .filter((node) => node.id !== id)
    .map((node) =>
      node.kind === 'outcome'
        ? node
        : {
            ...node,
            answers: node.answers.map((answer) => (answer.to === id ? { ...answer, to: '' } : answer)),
          },
    )
  return { ...tree, nodes }
}
