import { describe, expect, test } from 'vitest'
import { faultsOf, reachableFrom, type TreeNode } from './rules.ts'

const ask = (id: string, ...to: string[]): TreeNode => ({
  id,
  kind: 'question',
  text: `${id}?`,
  answers: to.map((each) => ({ text: `to ${each}`, to: each })),
})
const end = (id: string): TreeNode => ({ id, kind: 'outcome', text: `${id}.` })

describe('a tree is whole', () => {
  test.each([
    ['that is a single outcome', [end('a')]],
    ['with a question', [ask('a', 'b', 'c'), end('b'), end('c')]],
    ['whose branches meet again', [ask('a', 'b', 'c'), ask('b', 'd'), ask('c', 'd'), end('d')]],
  ])('%s', (_name, nodes) => expect(faultsOf({ nodes })).toEqual([]))
})

test.each([
  ['no nodes', [], null, 'needs a first node'],
  ['a dead end', [ask('a', 'b'), ask('b')], 'b', 'dead end'],
  ['an answer to nowhere', [ask('a', 'b', 'x'), end('b')], 'a', 'leads nowhere'],
  ['a circle', [ask('a', 'b', 'd'), ask('b', 'c'), ask('c', 'b'), end('d')], 'b', 'circle: b → c → b'],
  ['a circle through the root', [ask('a', 'a', 'b'), end('b')], 'a', 'circle: a → a'],
  ['a second root', [ask('a', 'b'), end('b'), end('c')], 'c', 'No answer leads here'],
  ['one id twice', [ask('a', 'b'), end('b'), end('b')], 'b', 'Two nodes'],
  ['one answer twice', [ask('a', 'b', 'b'), end('b')], 'a', 'given twice'],
])('a tree with %s is not whole', (_name, nodes, node, detail) => {
  expect(faultsOf({ nodes })).toEqual([{ node, detail: expect.stringContaining(detail) }])
})

test('a tree as deep as it may be is checked without running out of stack', () => {
  const nodes = Array.from({ length: 2_000 }, (_, i) => ask(`n${i}`, `n${i + 1}`))
  expect(faultsOf({ nodes: [...nodes, end('n2000')] })).toEqual([])
})

test('what is below a node', () => {
  const nodes = [ask('a', 'b', 'c'), ask('b', 'd'), end('c'), end('d')]
  expect(reachableFrom('b', nodes)).toEqual(new Set(['b', 'd']))
})
