import { describe, expect, test } from 'vitest'
import type { TreeNode } from '../trees/rules.ts'
import { answersAsCandidates, rank, treeAsCandidate, wordsOf } from './rules.ts'

const ids = (said: string, texts: string[]) =>
  rank(
    said,
    texts.map((text, i) => ({ id: String(i), text })),
  ).map(({ id }) => id)

test.each([
  ['printing', 'prints'],
  ['restarted', 'restarts'],
  ['batteries', 'battery'],
  ['stopped', 'stopping'],
  ['closes', 'closed'],
  ['Café', 'cafe'],
  ['router’s', 'router'],
])('%s and %s are one word', (a, b) => {
  expect(wordsOf(a).map(({ stem }) => stem)).toEqual(wordsOf(b).map(({ stem }) => stem))
})

test('words that say nothing are left out', () => {
  expect(wordsOf('It does not do that, and I can’t see why!').map(({ word }) => word)).toEqual(['see'])
})

describe('ranking', () => {
  test('what has more of the words comes first, and what has none is left out', () => {
    expect(ids('the printer jams paper', ['paper tray', 'printer jam with paper', 'screen'])).toEqual([
      '1',
      '0',
    ])
  })

  test('a rare word counts more than one that is everywhere', () => {
    expect(ids('printer smoke', ['printer printer', 'smoke', 'printer', 'printer'])[0]).toBe('1')
  })

  test('a long text is no better for being long', () => {
    expect(ids('router', [`router ${'cable plug lamp '.repeat(30)}`, 'router'])).toEqual(['1', '0'])
  })

  test('the words that led there are shown as they were written', () => {
    expect(rank('Printing STOPPED!', [{ id: 'a', text: 'the printer stops printing' }])).toMatchObject([
      { id: 'a', words: ['printing', 'stopped'] },
    ])
  })

  test.each(['', 'the and of', '💥'])('from %j nothing follows', (said) => {
    expect(rank(said, [{ id: 'a', text: 'the printer' }])).toEqual([])
  })

  test('equals stay in one order', () => {
    expect(ids('lamp', ['lamp', 'lamp', 'lamp'])).toEqual(['0', '1', '2'])
  })
})

const nodes: TreeNode[] = [
  {
    id: 'q',
    kind: 'question',
    text: 'What is it?',
    answers: [
      { text: 'Sound', to: 'sound' },
      { text: 'Picture', to: 'picture' },
    ],
  },
  { id: 'sound', kind: 'outcome', text: 'Unmute it.' },
  { id: 'picture', kind: 'question', text: 'Is the cable in?', answers: [{ text: 'No', to: 'plug' }] },
  { id: 'plug', kind: 'outcome', text: 'Plug in the HDMI cable.' },
]

test('an answer is found by what lies anywhere below it', () => {
  const candidates = answersAsCandidates(nodes[0] as TreeNode, nodes)
  expect(rank('the hdmi is loose', candidates)).toMatchObject([{ id: 'Picture', words: ['hdmi'] }])
  expect(answersAsCandidates(nodes[1] as TreeNode, nodes)).toEqual([])
})

test('a tree is found by its name before one that only mentions the word', () => {
  const named = treeAsCandidate({ id: 'named', name: 'Projector', nodes })
  const mentions = treeAsCandidate({
    id: 'mentions',
    name: 'Screen',
    nodes: [...nodes, { id: 'p', kind: 'outcome', text: 'Projector' }],
  })
  expect(rank('projector', [mentions, named]).map(({ id }) => id)).toEqual(['named', 'mentions'])
})
