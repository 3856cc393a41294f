import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Problem } from '../problem.ts'
import { faultsOf, type Tree } from '../trees/rules.ts'
import { convertArticle } from './convertArticle.ts'

const article = `# The printer does not print

Please do this in order.

1. Check that the **power light** is on. If the light is off, replace the cable.
2. Restart the printer.
3. If the queue shows an error, go to step 5.
4. Print a test page.
5. Install the driver again.
`

test('steps and conditions become questions, one after the other', () => {
  expect(outline(convertArticle(article))).toEqual([
    's1-1 The light is off? (Check that the power light is on.) Yes→s1-1-then No→s1-2',
    's1-1-then Replace the cable.',
    's1-2 Restart the printer. That solved it→solved It goes on→s1-3',
    's1-3 The queue shows an error? Yes→s1-5 No→s1-4',
    's1-4 Print a test page. That solved it→solved It goes on→s1-5',
    's1-5 Install the driver again. That solved it→solved It goes on→hand-over',
    'solved Solved',
    'hand-over Not solved: hand it over',
  ])
  expect(convertArticle(article).name).toBe('The printer does not print')
})

test('headings become a choice, also without marks and with what is to be done before', () => {
  const pasted = `
Wi-Fi trouble

- Move closer to the router.

No connection at all

Step 1: Restart the router.
Step 2: Call the provider.

Slow connection
---------------
If others stream video, then ask them to stop. Otherwise, change the channel.
`
  expect(outline(convertArticle(pasted))).toEqual([
    's0-1 Move closer to the router. That solved it→solved It goes on→choice',
    'choice Which of these is it? No connection at all→s1-1 Slow connection→s2-1 None of these→hand-over',
    's1-1 Restart the router. That solved it→solved It goes on→s1-2',
    's1-2 Call the provider. That solved it→solved It goes on→hand-over',
    's2-1 Others stream video? Yes→s2-1-then No→s2-2',
    's2-1-then Ask them to stop.',
    's2-2 Change the channel. That solved it→solved It goes on→hand-over',
    'solved Solved',
    'hand-over Not solved: hand it over',
  ])
})

test('a sentence that would lead back becomes an outcome, since a tree has no circles', () => {
  const tree = convertArticle('1. Wait a minute.\n2. If it blinks, go back to step 1.')
  expect(outline(tree)).toContain('s1-2-then Go back to step 1.')
})

test('headings with one name are told apart', () => {
  const { nodes } = convertArticle('# A\n## Same\n1. One.\n## Same\n1. Two.')
  expect(nodes[0]).toMatchObject({
    answers: [{ text: 'Same' }, { text: 'Same (2)' }, { text: 'None of these' }],
  })
})

test('a long step is shortened, and whole in its detail', () => {
  const long = `Press ${'the button '.repeat(40)}now.`
  const [node] = convertArticle(`1. ${long}`).nodes
  expect(node?.text).toHaveLength(200)
  expect(node?.detail).toBe(long)
})

describe('an article is refused', () => {
  test.each([
    ['that is empty', ''],
    ['that only tells something', 'We are open from nine to five.\n\nPlease call us.'],
    ['that is too long', Array.from({ length: 201 }, (_, i) => `${i + 1}. Do it.`).join('\n')],
  ])('%s', (_name, text) => {
    expect(() => convertArticle(text)).toThrow(expect.objectContaining({ code: 'article-not-convertible' }))
  })
})

test('whatever is pasted makes a tree that is whole, the same one each time, or is refused', () => {
  const line = fc.oneof(
    fc.constantFrom('# A', '## B', '# B', 'Heading', '---', '', 'Otherwise, stop.', '1.', '- ', 'if'),
    fc.tuple(fc.nat(9), fc.nat(9)).map(([i, j]) => `${i}. Do this. If it fails, go to step ${j}.`),
    fc.tuple(fc.nat(9), fc.nat(9)).map(([i, j]) => `${i}) Go to step ${j}.`),
    fc.lorem().map((words) => `If ${words}, ${words}.`),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
  )
  const articles = fc.array(line, { maxLength: 25 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(articles, (text) => {
      const tree = attempt(text)
      if (tree) expect(faultsOf(tree)).toEqual([])
      expect(attempt(text)).toEqual(tree)
    }),
  )
})

function attempt(text: string): Tree | null {
  try {
    return convertArticle(text)
  } catch (error) {
    if (error instanceof Problem) return null
    throw error
  }
}

function outline({ nodes }: Tree): string[] {
  return nodes.map(({ id, text, detail, ...node }) => {
    const answers =
      node.kind === 'question' ? node.answers.map((answer) => `${answer.text}→${answer.to}`) : []
    return [id, text, ...(detail ? [`(${detail})`] : []), ...answers].join(' ')
  })
}

// Time that grew with the square of this would not end within the time that a test is given.
const LONG = 150_000
const parts = [
  '[',
  '[a](',
  '](',
  '**',
  '*',
  '__',
  '_ ',
  '`',
  '#',
  '# ',
  '. A',
  'go ',
  'go to step ',
  'if a, ',
  ' then',
  '1. ',
  '-',
  ':',
]
test.each(['', '# a', '1. if a'])('however much of anything after %j is read once', (start) => {
  const hostile = [
    `${start}${' '.repeat(LONG)}b`,
    `${start}${' '.repeat(LONG)}b\u2028b`,
    ...parts.flatMap((part) => [
      `${start}${part.repeat(LONG / part.length)}`,
      `${start} ${part.repeat(LONG / part.length)}b`,
    ]),
  ]
  for (const text of hostile) {
    try {
      convertArticle(text)
    } catch (error) {
      expect(error).toBeInstanceOf(Problem)
    }
  }
})
