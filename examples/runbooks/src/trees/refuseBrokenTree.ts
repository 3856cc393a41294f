import { Problem } from '../problem.ts'
import { faultsOf, type Tree } from './rules.ts'

/** Refuses a tree that is not whole, with everything that is wrong with it. */
export function refuseBrokenTree(tree: Tree): void {
  const faults = faultsOf(tree)
  if (faults.length === 0) return
  throw new Problem('tree-not-whole', faults.map(({ detail }) => detail).join(' '), { faults })
}
