/** A node that asks: each answer leads to another node. */
export interface Question {
  id: string
  kind: 'question'
  text: string
  /** What to look at or to do before answering. */
  detail?: string
  answers: { text: string; to: string }[]
}

/** A node at which a walk ends. */
export interface Outcome {
  id: string
  kind: 'outcome'
  text: string
  detail?: string
}

export type TreeNode = Question | Outcome

/** A troubleshooting tree. The first node is its root; branches may meet again further down. */
export interface Tree {
  name: string
  nodes: TreeNode[]
}

/** What keeps a tree from being saved; `node` is null for what no single node is to blame for. */
export interface Fault {
  node: string | null
  detail: string
}

/** Everything that keeps a tree from being whole; none, and each walk from the root ends at an outcome. */
export function faultsOf({ nodes }: Pick<Tree, 'nodes'>): Fault[] {
  const root = nodes[0]
  if (!root) return [{ node: null, detail: 'A tree needs a first node.' }]
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const faults = nodes.flatMap((node) => faultsOfNode(node, byId))
  faults.push(...nodes.filter(({ id }, i) => nodes.findIndex((other) => other.id === id) < i).map(repeated))
  // Where answers lead nowhere or ids are ambiguous, the rest would be said of a tree that nobody meant.
  if (faults.length > 0) return faults
  const circle = findCircle(root, byId)
  if (circle) return [{ node: circle[0] ?? null, detail: `Answers lead in a circle: ${circle.join(' → ')}.` }]
  const reached = reachableFrom(root.id, nodes)
  return nodes
    .filter(({ id }) => !reached.has(id))
    .map(({ id }) => ({ node: id, detail: 'No answer leads here.' }))
}

/** The ids of a node and of everything below it. */
export function reachableFrom(id: string, nodes: readonly TreeNode[]): Set<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const reached = new Set<string>()
  const open = [id]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue
    reached.add(next)
    open.push(...leadsTo(byId.get(next)))
  }
  return reached
}

function faultsOfNode(node: TreeNode, byId: Map<string, TreeNode>): Fault[] {
  if (node.kind === 'outcome') return []
  if (node.answers.length === 0)
    return [{ node: node.id, detail: 'A question without answers is a dead end.' }]
  const texts = node.answers.map(({ text }) => text.trim().toLowerCase())
  return node.answers.flatMap(({ text, to }, i) => [
    ...(byId.has(to) ? [] : [{ node: node.id, detail: `The answer “${text}” leads nowhere.` }]),
    ...(texts.indexOf(texts[i] ?? '') < i
      ? [{ node: node.id, detail: `The answer “${text}” is given twice.` }]
      : []),
  ])
}

function repeated({ id }: TreeNode): Fault {
  return { node: id, detail: 'Two nodes have this id.' }
}

/** The nodes of one circle, its first one again at the end; undefined where there is none. */
function findCircle(root: TreeNode, byId: Map<string, TreeNode>): string[] | undefined {
  const done = new Set<string>()
  const path: { id: string; left: string[] }[] = [{ id: root.id, left: leadsTo(root) }]
  for (let here = path.at(-1); here; here = path.at(-1)) {
    const next = here.left.pop()
    if (next === undefined) {
      done.add(here.id)
      path.pop()
      continue
    }
    const met = path.findIndex(({ id }) => id === next)
    if (met >= 0) return [...path.slice(met).map(({ id }) => id), next]
    if (!done.has(next)) path.push({ id: next, left: leadsTo(byId.get(next)) })
  }
  return undefined
}

function leadsTo(node: TreeNode | undefined): string[] {
  return node?.kind === 'question' ? node.answers.map(({ to }) => to) : []
}
