import { expect, test } from 'vitest'
import type { TreeNode } from '../trees/rules.ts'
import { type Step, take, walk } from './rules.ts'

const nodes: TreeNode[] = [
  {
    id: 'light',
    kind: 'question',
    text: 'Is the light on?',
    answers: [
      { text: 'Yes', to: 'paper' },
      { text: 'No', to: 'plug' },
    ],
  },
  { id: 'paper', kind: 'question', text: 'Is there paper?', answers: [{ text: 'No', to: 'fill' }] },
  { id: 'plug', kind: 'outcome', text: 'Plug it in.' },
  { id: 'fill', kind: 'outcome', text: 'Fill it.' },
]
const answer = (node_id: string, text: string): Step => ({ kind: 'answer', node_id, text })
const back = (node_id: string): Step => ({ kind: 'back', node_id, text: '' })

test('a session begins at the root', () => {
  expect(walk(nodes, [])).toEqual({ path: [], current: nodes[0] })
})

test('answers lead on, and notes stay where they are', () => {
  const steps: Step[] = [
    answer('light', 'Yes'),
    { kind: 'note', node_id: 'paper', text: 'A4' },
    answer('paper', 'No'),
  ]
  expect(walk(nodes, steps)).toEqual({
    path: [
      { node_id: 'light', answer: 'Yes' },
      { node_id: 'paper', answer: 'No' },
    ],
    current: nodes[3],
  })
})

test('a step back undoes the last answer, and another one can be given', () => {
  const steps = [
    answer('light', 'Yes'),
    answer('paper', 'No'),
    back('fill'),
    back('paper'),
    answer('light', 'No'),
  ]
  expect(walk(nodes, steps)).toEqual({ path: [{ node_id: 'light', answer: 'No' }], current: nodes[2] })
})

test.each<[string, Step]>([
  ['an answer that the tree has not', answer('light', 'Perhaps')],
  ['an answer to another node, as by a second click', answer('paper', 'No')],
  ['a step back from the beginning', back('light')],
])('impossible: %s', (_name, step) => {
  expect(take(nodes, walk(nodes, []), step)).toMatchObject({ kind: 'impossible' })
})

test('an outcome leads nowhere', () => {
  const ended = walk(nodes, [answer('light', 'No')])
  expect(take(nodes, ended, answer('plug', 'Yes'))).toMatchObject({ kind: 'impossible' })
})
