import type { Tree, TreeNode } from '../src/trees/rules.ts'

let handed: { accountId: string | undefined; draft: Tree } | null = null

/** Hands a draft to the editor that this account opens next. */
export function handOver(accountId: string | undefined, draft: Tree): void {
  handed = { accountId, draft }
}

/** The draft that was handed over, once, and to nobody else: this outlives a change of accounts. */
export function takeDraft(accountId: string | undefined): Tree | null {
  const taken = handed
  handed = null
  return taken?.accountId === accountId ? (taken?.draft ?? null) : null
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
